import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Candle } from '../../src/events/candle.ts'
import { killAllPrograms } from '../support/program.ts'
import { eventsOf, runReplay } from '../support/replay-run.ts'
import { removeTempDirectories, tempDirectory } from '../support/temp-directory.ts'

/* Recorded data through the real command-line program; the numbers of the points are those of "Learnt from recorded
 * market data" in the wire formats. */

const DATA = fileURLToPath(new URL('../../../shared/data/', import.meta.url))
const CAPTURES = `${DATA}binance-captures/`
const USDM_BTC = `${CAPTURES}usdm/btcusdt_20240808.gz`
const SPOT_BTC = ['08', '09'].map((day) => `${CAPTURES}spot/btcusdt_202408${day}.gz`)
const KLINES = `${DATA}binance-klines/BTCUSDT-USDM-1m-2024-08-08T2350_to_2024-08-09T0006.csv`
const hasData = existsSync(USDM_BTC) && existsSync(KLINES)
if (!hasData) console.warn(`skipped: no recorded data in ${DATA}`)

const MINUTES = ['--emit', 'candles,gaps', '--interval', '1m', '--final-only']
const MIDNIGHT_MS = Date.parse('2024-08-09T00:00:00Z')

let cwd: string
beforeEach(() => {
  cwd = tempDirectory()
})
afterEach(async () => {
  await killAllPrograms()
  await removeTempDirectories()
})

describe('recorded data', () => {
  it.skipIf(!hasData)('gives every complete minute as the exchange itself did, in all nine fields', async () => {
    const run = await runReplay([USDM_BTC, ...MINUTES], { cwd })
    expect(run).toMatchObject({ code: 0, summary: { 'bad lines': '0', duplicates: '0', 'too late': '0' } })
    const complete = eventsOf(run, 'candle').filter(({ completeness }) => completeness === 'complete')
    const klines = klinesByOpenTime(KLINES)
    expect(complete.map(({ openTimeMs }) => openTimeMs)).toEqual(
      ['23:55', '23:56', '23:57', '23:58'].map((minute) => Date.parse(`2024-08-08T${minute}:00Z`)),
    )
    for (const candle of complete) expect(klineOf(candle)).toEqual(klines.get(candle.openTimeMs))
    // The recording begins inside its first minute: that candle is not the exchange's, and says so.
    const [first] = eventsOf(run, 'candle')
    expect(first).toMatchObject({ completeness: 'partial', revision: 0, isFinal: true })
    expect(klineOf(first!)).not.toEqual(klines.get(first!.openTimeMs))
  })

  const captures = hasData
    ? ['spot', 'usdm'].flatMap((folder) => readdirSync(`${CAPTURES}${folder}`).map((file) => [folder, file] as const))
    : [['usdm', 'absent'] as const]
  it.skipIf(!hasData).each(captures)(
    '%s/%s is read without a bad line, a gap or a double (3)',
    async (folder, file) => {
      const run = await runReplay([`${CAPTURES}${folder}/${file}`, '--emit', 'gaps,candles', '--final-only'], { cwd })
      expect(run).toMatchObject({ code: 0, summary: { 'bad lines': '0', duplicates: '0', 'too late': '0' } })
      expect(eventsOf(run, 'gap')).toEqual([])
      const symbol = file.slice(0, 7).toUpperCase()
      for (const candle of eventsOf(run, 'candle')) expect(candle).toMatchObject({ venue: `binance-${folder}`, symbol })
      // Point 9: spot quotes carry no event name. Point 7: depth snapshots from REST lie between the messages.
      expect(run.summary.events).toMatch(/\(\d+,\d{3} trades, \d+,\d{3} quotes\)/)
      expect(run.summary['passed over']).toMatch(file.includes('20240809') ? /depthUpdate/ : /depth snapshot 1/)
    },
  )

  it.skipIf(!hasData)('of one day that ends in the next joins that day without a seam (7)', async () => {
    const run = await runReplay([...SPOT_BTC, ...MINUTES], { cwd })
    const [first, ...others] = eventsOf(run, 'candle')
    const last = others.pop()
    expect([first?.completeness, last?.completeness]).toEqual(['partial', 'partial'])
    expect(new Set(others.map(({ completeness }) => completeness))).toEqual(new Set(['complete']))
    expect(others.map(({ openTimeMs }) => openTimeMs)).toEqual(
      Array.from({ length: 10 }, (_, index) => MIDNIGHT_MS + (index - 5) * 60_000),
    )
    expect(eventsOf(run, 'gap')).toEqual([])
  })

  it.skipIf(!hasData)('read twice counts once (8)', async () => {
    const once = await runReplay([USDM_BTC, ...MINUTES], { cwd })
    const twice = await runReplay([USDM_BTC, USDM_BTC, ...MINUTES], { cwd })
    expect(twice.stdout).toBe(once.stdout)
    expect(twice.summary.duplicates).toBe('21,313')
  })
})

describe('messages as recorded data has them', () => {
  const minuteMs = Date.parse('2024-08-08T10:00:00Z')
  const trade = (id: number, timeMs: number, fields: Record<string, unknown> = {}) => ({
    e: 'trade',
    E: timeMs,
    s: 'BTCUSDT',
    t: id,
    p: '100.50',
    q: '2.000',
    T: timeMs,
    m: false,
    ...fields,
  })
  /** As a recorder writes them: its own clock in ns, then the message. */
  const capture = (messages: readonly Record<string, unknown>[], receivedMs?: number) =>
    messages
      .map((data) => {
        const stream = `${String(data.s).toLowerCase()}@${String(data.e)}`
        return `${receivedMs ?? Number(data.E)}000000 ${JSON.stringify({ stream, data })}\n`
      })
      .join('')

  it('a trade counts where it was made, not where it was sent or received (1, 6)', async () => {
    const late = { E: minuteMs + 65_000 }
    const stdin = capture([trade(1, minuteMs + 59_000, late), trade(2, minuteMs + 61_000)], minuteMs + 125_000)
    const run = await runReplay(['-', ...MINUTES], { cwd, stdin })
    expect(eventsOf(run, 'candle')).toMatchObject([
      { openTimeMs: minuteMs, tradeCount: 1 },
      { openTimeMs: minuteMs + 60_000, tradeCount: 1 },
    ])
  })

  it('what the exchange leaves out of its klines is left out of candles, and shown as such (2)', async () => {
    const odd = { X: 'INSURANCE_FUND', p: '9.00' }
    const stdin = capture([trade(1, minuteMs, { X: 'MARKET' }), trade(2, minuteMs + 1, odd), trade(3, minuteMs + 2)])
    const run = await runReplay(['-', '--emit', 'trades,candles,gaps', '--interval', '1m', '--final-only'], {
      cwd,
      stdin,
    })
    expect(eventsOf(run, 'candle')).toMatchObject([{ low: '100.50', tradeCount: 2, volume: '4.000' }])
    expect(eventsOf(run, 'trade').map(({ isOffMarket }) => isOffMarket)).toEqual([undefined, true, undefined])
    expect(eventsOf(run, 'gap')).toEqual([])
  })

  it('a hole in the ids is a gap, and its candle says so; an aggregate counts its trades (3)', async () => {
    const stdin = capture([
      { ...trade(0, minuteMs), e: 'aggTrade', a: 7, f: 10, l: 14 },
      { ...trade(0, minuteMs + 1000), e: 'aggTrade', a: 8, f: 20, l: 20 },
      { ...trade(0, minuteMs + 120_000), e: 'aggTrade', a: 9, f: 21, l: 21 },
    ])
    const run = await runReplay(['-', ...MINUTES], { cwd, stdin })
    expect(eventsOf(run, 'gap')).toMatchObject([{ fromId: 15, toId: 19, eventTimeMs: minuteMs + 1000 }])
    expect(eventsOf(run, 'candle')[0]).toMatchObject({ tradeCount: 6, completeness: 'gapped' })
  })

  it('prices of 1e-8 and quantities of 1e12 stay exact, quote volumes of 20 digits too (4)', async () => {
    const stdin = capture([
      trade(1, minuteMs, { p: '0.00000001', q: '999999999999.99999999' }),
      trade(2, minuteMs + 1, { p: '123456789.12345678', q: '1234567.12345678' }),
    ])
    const run = await runReplay(['-', ...MINUTES], { cwd, stdin })
    const quoteVolume = 999999999999_99999999n * 1n + 123456789_12345678n * 1234567_12345678n
    expect(eventsOf(run, 'candle')).toMatchObject([
      {
        low: '0.00000001',
        high: '123456789.12345678',
        volume: '1000001234567.12345677',
        quoteVolume: `${quoteVolume / 10n ** 16n}.${String(quoteVolume % 10n ** 16n).padStart(16, '0')}`,
      },
    ])
  })

  it('a minute without a trade has no candle (5)', async () => {
    const stdin = capture([trade(1, minuteMs), trade(2, minuteMs + 180_000)])
    const run = await runReplay(['-', ...MINUTES], { cwd, stdin })
    expect(eventsOf(run, 'candle').map(({ openTimeMs }) => openTimeMs - minuteMs)).toEqual([0, 180_000])
  })
})

/** The nine fields of a kline, as the exchange prints them. */
function klinesByOpenTime(path: string): Map<number, string[]> {
  const [, ...lines] = readFileSync(path, 'utf8').trim().split('\n')
  return new Map(
    lines.map((line) => {
      const [openTime, open, high, low, close, volume, , quoteVolume, count, buyVolume, buyQuoteVolume] =
        line.split(',')
      return [
        Number(openTime),
        [open, high, low, close, volume, quoteVolume, count, buyVolume, buyQuoteVolume].map(String),
      ]
    }),
  )
}

function klineOf(candle: Candle): string[] {
  const { open, high, low, close, volume, quoteVolume, tradeCount, takerBuyVolume, takerBuyQuoteVolume } = candle
  return [open, high, low, close, volume, quoteVolume, String(tradeCount), takerBuyVolume, takerBuyQuoteVolume]
}
