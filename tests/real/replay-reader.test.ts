import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { digitsToBigInt } from '../../src/base/decimal.ts'
import { InstrumentTable } from '../../src/events/instrument.ts'
import { OFF_MARKET } from '../../src/events/trade-batch.ts'
import { type ReplayOptions, ReplayReader } from '../../src/feeds/replay/replay-reader.ts'

const DATA = new URL('../../../shared/data/', import.meta.url).pathname
const CAPTURES = `${DATA}binance-captures/`
const hasData = existsSync(CAPTURES)
if (!hasData) console.warn(`skipped: no recorded data in ${DATA}`)

interface Totals {
  readonly kinds: Record<string, number>
  readonly notional: bigint
  readonly volume: bigint
}

/** The capture read with JSON.parse and BigInt: all trades and quotes of it have the same decimals. */
function naively(path: string): Totals {
  const kinds: Record<string, number> = {}
  let notional = 0n
  let volume = 0n
  for (const line of gunzipSync(readFileSync(path)).toString().split('\n')) {
    if (line === '') continue
    const message = JSON.parse(line.slice(line.indexOf('{')))
    const data = message.data ?? message
    const kind = data.e ?? (data.lastUpdateId === undefined ? 'bookTicker' : 'depth snapshot')
    kinds[kind] = (kinds[kind] ?? 0) + 1
    if (kind !== 'trade' || (data.X ?? 'MARKET') !== 'MARKET') continue
    const quantity = BigInt(data.q.replace('.', ''))
    notional += BigInt(data.p.replace('.', '')) * quantity
    volume += quantity
  }
  return { kinds, notional, volume }
}

async function replayed(paths: readonly string[], options: Partial<ReplayOptions> = {}) {
  const instruments = new InstrumentTable()
  const reader = await ReplayReader.open({ paths, instruments, ...options })
  let notional = 0n
  let volume = 0n
  for (let step = await reader.next(); step !== undefined; step = await reader.next()) {
    const { trades } = step
    for (let row = 0; row < trades.count; row++) {
      if ((trades.flags[row]! & OFF_MARKET) !== 0) continue
      const quantity = digitsToBigInt(trades.quantityLow[row]!, trades.quantityHigh[row]!)
      notional += digitsToBigInt(trades.priceLow[row]!, trades.priceHigh[row]!) * quantity
      volume += quantity
    }
  }
  await reader.close()
  return { counts: reader.counts, notional, volume, instruments }
}

describe('recorded Binance captures', () => {
  const files = hasData
    ? ['usdm', 'spot'].flatMap((folder) => readdirSync(`${CAPTURES}${folder}`).map((file) => [folder, file] as const))
    : [['usdm', 'absent'] as const]

  it.skipIf(!hasData).each(files)('%s/%s give the counts and exact sums of a naive reading', async (folder, file) => {
    const path = `${CAPTURES}${folder}/${file}`
    const expected = naively(path)
    const { counts, notional, volume, instruments } = await replayed([path])
    expect(counts.badByReason).toEqual({})
    expect({ trade: counts.trades, bookTicker: counts.quotes, ...counts.passedOverByKind }).toEqual(expected.kinds)
    expect(notional).toBe(expected.notional)
    expect(volume).toBe(expected.volume)
    const symbol = file.startsWith('btc') ? 'BTCUSDT' : 'ETHUSDT'
    expect(instruments.find(`binance-${folder}`, symbol)).toBe(0)
    expect(instruments.count).toBe(1)
  })

  it.skipIf(!hasData)('are gone on with from the middle', async () => {
    const paths = [`${CAPTURES}usdm/ethusdt_20240808.gz`]
    const whole = await replayed(paths)
    const reader = await ReplayReader.open({ paths, instruments: new InstrumentTable() })
    let before = 0n
    for (let count = 0; count < 4; count++) {
      const { trades } = (await reader.next())!
      for (let row = 0; row < trades.count; row++) before += BigInt(trades.quantityLow[row]!)
    }
    const startAt = JSON.parse(JSON.stringify(reader.position))
    await reader.close()
    const rest = await replayed(paths, { startAt })
    expect(before + rest.volume).toBe(whole.volume)
    expect(rest.counts).toEqual(whole.counts)
  })

  it.skipIf(!hasData)('of two days are one stream', async () => {
    const paths = ['btcusdt_20240808.gz', 'btcusdt_20240809.gz'].map((file) => `${CAPTURES}spot/${file}`)
    const { counts } = await replayed(paths)
    expect(counts).toMatchObject({ trades: 9757 + 10147, bad: 0, unreadableInputs: 0 })
  })
})

describe('recorded cryptofeed captures', () => {
  const folder = `${DATA}cryptofeed-binance/`
  // Trades and quotes that their recorder expects (data README); klines and depth are passed over.
  it.skipIf(!hasData).each([
    ['BINANCE', 'binance-spot', 2, 84],
    ['BINANCE_US', 'binance-spot', 11, 128],
    ['BINANCE_FUTURES', 'binance-usdm', 91, 613],
    ['BINANCE_DELIVERY', 'binance-coinm', 51, 2240],
  ])('%s give the trades and quotes that their recorder expects', async (name, venue, trades, quotes) => {
    const { counts, instruments } = await replayed([`${folder}${name}.ws.1.0`])
    expect(counts).toMatchObject({ trades, quotes, bad: 0 })
    expect(instruments.at(0).venue).toBe(venue)
  })

  it.skipIf(!hasData)('of REST bodies are passed over', async () => {
    const { counts } = await replayed([`${folder}BINANCE_FUTURES.http.0.0`, `${folder}BINANCE_FUTURES.0`])
    expect(counts).toMatchObject({ trades: 0, quotes: 0, bad: 0, passedOverByKind: { 'HTTP answer': 5 } })
  })
})
