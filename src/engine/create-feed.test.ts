import { serialize } from 'node:v8'
import { describe, expect, it } from 'vitest'
import { SimulatedClock } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import { upConfig } from './cli/settings.ts'
import { checkConfig } from './config.ts'
import { createFeed } from './create-feed.ts'

const clock = new SimulatedClock(1_795_000_000_000_000)

function create(flags: Parameters<typeof upConfig>[0], position?: Uint8Array, environment: NodeJS.ProcessEnv = {}) {
  return createFeed(upConfig(flags, environment).feed, { clock, logger: silentLogger, position, environment })
}

describe('the feed of up', () => {
  it('is the simulator, or Binance where that is asked for', async () => {
    expect((await create({})).name).toBe('simulator')
    expect((await create({ feed: 'binance', symbols: 'btcusdt' })).name).toBe('binance')
  })

  it('takes symbols and addresses from flags, and nothing of the simulator from the environment', () => {
    const flags = { feed: 'binance', symbols: 'btcusdt,ethusdt', feedUrl: 'ws://127.0.0.1:9/binance' }
    expect(upConfig(flags, { TRADES_PER_SECOND: '5', FINPULSE_SEED: '3' }).feed).toEqual({
      type: 'binance',
      market: 'spot',
      symbols: ['btcusdt', 'ethusdt'],
      quotes: true,
      url: 'ws://127.0.0.1:9/binance',
    })
    expect(upConfig({}, { FINPULSE_FEED: 'binance', SYMBOLS: 'bnbusdt' }).feed).toMatchObject({ symbols: ['bnbusdt'] })
  })

  it('is named where there is none such, or a setting is not its own', () => {
    expect(() => upConfig({ feed: 'binanc' }, {})).toThrow('feed.type')
    expect(() => upConfig({ feed: 'binance', rate: '5' }, {})).toThrow('feed.ratePerSecond: no such setting')
  })

  it('an address that is none is refused before anything is opened', async () => {
    await expect(create({ feed: 'binance', feedUrl: 'localhost' })).rejects.toMatchObject({ code: 'config-invalid' })
  })

  it('is Alpha Vantage with a key from the environment only, which is none of the settings', async () => {
    const flags = { feed: 'alpha-vantage', symbols: 'IBM,MSFT', feedUrl: 'http://127.0.0.1:9' }
    const environment = { ALPHA_VANTAGE_API_KEY: 'SECRETKEY42' }
    expect((await create(flags, undefined, environment)).name).toBe('alpha-vantage')
    expect(JSON.stringify(upConfig(flags, environment))).not.toContain('SECRETKEY42')
    await expect(create(flags)).rejects.toThrow('ALPHA_VANTAGE_API_KEY: is not set')
    const position = new TextEncoder().encode(JSON.stringify({ feed: 'alpha-vantage' }))
    await expect(create({ feed: 'binance' }, position)).rejects.toThrow('of the feed alpha-vantage')
  })

  it('is a threshold start over any of the sources, all checked before anything is opened', async () => {
    const of = (feed: object, environment: NodeJS.ProcessEnv = {}) =>
      createFeed(checkConfig({ feed: { type: 'threshold', ...feed } }, 'test').feed, {
        clock,
        logger: silentLogger,
        position: undefined,
        environment,
      })
    expect((await of({})).name).toBe('threshold')
    expect((await of({ market: 'usdm', thresholds: { volumeFactor: 5, calm: '2m' } })).name).toBe('threshold')
    const kraken = { symbols: ['btcusdt'], stream: 'kraken', streamAs: { btcusdt: 'BTC/USD' } }
    expect((await of(kraken)).name).toBe('threshold')
    const shares = { ...kraken, symbols: ['IBM'], streamAs: { ibm: 'IBMx/USD' }, poll: 'alpha-vantage' }
    expect((await of(shares, { ALPHA_VANTAGE_API_KEY: 'SECRETKEY42' })).name).toBe('threshold')
    for (const [feed, text] of [
      [{ ...shares }, 'ALPHA_VANTAGE_API_KEY: is not set'],
      [{ stream: 'kraken' }, 'expected pairs such as BTC/USD, got "BTCUSDT"'],
      [{ thresholds: { calm: '1m' } }, 'expected one of changePercent, above, below, volumeFactor, got none'],
      [{ thresholds: { above: 5, below: 6 } }, 'expected above > below, got 5 and 6'],
      [{ bySymbol: { solusdt: { above: 5 } } }, 'SOLUSDT is none of the symbols BTCUSDT, ETHUSDT'],
      [{ streamAs: { btcusdt: 'ETHUSDT' } }, 'ETHUSDT would be streamed for two of them'],
      [{ url: 'localhost' }, 'feed URL'],
    ] as const) {
      await expect(of(feed), text).rejects.toThrow(text)
    }
  })

  it('does not go on from the position of another feed', async () => {
    const encode = (value: object) => new TextEncoder().encode(JSON.stringify(value))
    const ofBinance = encode({ feed: 'binance', market: 'spot', tradeStream: 'trade', symbols: {} })
    await expect(create({}, ofBinance)).rejects.toThrow('holds the events of the feed binance')
    await expect(create({ feed: 'binance' }, serialize({ index: 1 }))).rejects.toThrow('of the feed simulator')
    await expect(create({ feed: 'binance' }, encode({ feed: 'threshold' }))).rejects.toThrow('of the feed threshold')
    const ofKraken = encode({ feed: 'kraken', symbols: {} })
    await expect(create({ feed: 'binance' }, ofKraken)).rejects.toThrow('of the feed kraken')
    expect((await create({ feed: 'kraken', symbols: 'btc/usd' }, ofKraken)).name).toBe('kraken')
    await expect(create({ feed: 'kraken', symbols: 'btcusd' })).rejects.toThrow('expected pairs such as BTC/USD')
    await expect(create({ feed: 'binance' }, encode({ file: 0 }))).rejects.toThrow('of the feed replay')
    expect((await create({ feed: 'binance' }, ofBinance)).name).toBe('binance')
  })
})
