import { afterAll, describe, expect, it } from 'vitest'
import type { Kline } from './kline-lines.ts'
import { InputDirectory, replay, zipOf } from './replay-test-kit.ts'

const inputs = new InputDirectory()
afterAll(() => inputs.remove())

const HEADER =
  'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore'
const OPEN_MS = 1_711_929_600_000
const ROW = `${OPEN_MS},9.972,9.984,9.971,9.982,36627.4,${OPEN_MS + 59_999},365473.7168,1245,26505.1,264471.0462,0`
const KLINE = { symbol: 'FILUSDT', venue: 'binance', openTimeMs: OPEN_MS, close: '9.982', volume: '36627.4' }

/** What an archive with one dump gives: the symbol is in the name of the file within. */
async function klinesOf(name: string, ...lines: string[]) {
  const klines: Kline[] = []
  const path = inputs.write(zipOf({ [name]: Buffer.from(`${lines.join('\n')}\n`) }), '.zip')
  const outcome = await replay([path], { onKline: (kline) => klines.push(kline) })
  return { ...outcome, klines }
}

describe('a kline dump', () => {
  it('is read with header and without, in ms and in µs', async () => {
    const us = ROW.replace(`${OPEN_MS + 59_999}`, `${OPEN_MS + 59_999}999`).replace(`${OPEN_MS},`, `${OPEN_MS}000,`)
    for (const lines of [[HEADER, ROW], [ROW], [us]]) {
      const { klines, counts, trades } = await klinesOf('FILUSDT-1m-2024-04.csv', ...lines)
      expect(klines).toEqual([KLINE])
      expect(counts).toMatchObject({ bad: 0, passedOverByKind: { kline: 1 } })
      expect(trades).toEqual([])
    }
  })

  it('has its symbol from its name', async () => {
    for (const [name, symbol] of [
      ['BTCUSDT-USDM-1m-2024-08-08T2350_to_2024-08-09T0006.csv', 'BTCUSDT'],
      ['BTCUSDT_250926-1m-2025-09.csv', 'BTCUSDT_250926'],
      ['my candles.csv', 'my candles'],
    ] as const) {
      expect((await klinesOf(name, ROW)).klines).toMatchObject([{ symbol }])
    }
  })

  it('is found by its content whatever the path', async () => {
    const klines: Kline[] = []
    await replay([inputs.writeLines(HEADER, ROW)], { onKline: (kline) => klines.push(kline), venue: 'binance-spot' })
    expect(klines).toMatchObject([{ venue: 'binance-spot', close: '9.982' }])
  })

  it('counts bad lines by reason', async () => {
    const { klines, counts } = await klinesOf(
      'FILUSDT-1m-2024-04.csv',
      ROW,
      ROW.slice(0, 60),
      ROW.replace(String(OPEN_MS), String(OPEN_MS + 1)),
      ROW.replace('9.982', '0'),
      ROW.replace('36627.4', '-1'),
    )
    expect(klines).toHaveLength(1)
    expect(counts.badByReason).toEqual({
      malformed: 1,
      'invalid-time': 1,
      'invalid-price': 1,
      'invalid-quantity': 1,
    })
  })

  it('of another interval is refused with the interval', async () => {
    const { errors } = await klinesOf(
      'FILUSDT-5m-2024-04.csv',
      ROW.replace(`${OPEN_MS + 59_999}`, `${OPEN_MS + 299_999}`),
    )
    expect(errors).toMatchObject([{ code: 'format-unknown', message: expect.stringContaining('got some of 300 s') }])
  })

  it('is refused where trades are replayed, with the command that reads it', async () => {
    const { errors, trades } = await replay([inputs.writeLines(HEADER, ROW)])
    expect(trades).toEqual([])
    expect(errors).toMatchObject([{ code: 'format-unknown', message: expect.stringContaining('finpulse realism') }])
  })
})
