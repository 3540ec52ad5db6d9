import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Candle } from '../../events/candle.ts'
import { type Interval, intervalMs } from '../../events/interval.ts'
import { tradeOf } from '../testing/sample-events.ts'
import { NOW_MS } from '../testing/test-server.ts'
import { baseOf, isRolled, openTimeOf, VENUE_INTERVALS, type VenueInterval } from './kline-interval.ts'
import { KlineSender } from './kline-sender.ts'
import { KlineUpdates } from './kline-updates.ts'
import { RecentCandles } from './recent-candles.ts'
import { RolledUpdates } from './rolled-updates.ts'
import { SecondUpdates } from './second-updates.ts'
import { parseStreamName } from './stream-name.ts'
import { baseCandles, bruteRows, SYMBOL, spanOf, tradesArbitrary } from './testing/brute-klines.ts'
import type { klineMessage, NumberedTrade } from './venue-messages.ts'
import { VenueStreams } from './venue-streams.ts'
import { type Listing, VenueSymbols } from './venue-symbols.ts'

const LATENESS_MS = 2000
const HOUR_MS = 3_600_000
const listing: Listing = {
  ...{ wireSymbol: SYMBOL, venue: 'simulator', symbol: SYMBOL, priceDecimals: 2, quantityDecimals: 3 },
}
type Told = ReturnType<typeof klineMessage>['k']

/** A market that goes on in steps, watched by one stream. Candles become final two seconds after their end. */
class Market {
  readonly told: Told[] = []
  readonly #trades: readonly NumberedTrade[]
  readonly #recent = new RecentCandles(100_000)
  readonly #klines: KlineUpdates
  readonly #seconds: SecondUpdates
  readonly #base: Interval
  /** The store has what was final before the last step. */
  #stored: Candle[] = []
  #final: Candle[] = []
  #nowMs = 0
  storeReads = 0
  /** Whether the engine has not come to the trades yet. */
  isBehind = false

  constructor(interval: VenueInterval, trades: readonly NumberedTrade[]) {
    this.#trades = trades
    this.#base = interval === '1s' ? '1m' : baseOf(interval).base
    const streams = new VenueStreams()
    const send = (text: string) => void this.told.push((JSON.parse(text) as { k: Told }).k)
    streams.join(parseStreamName(`${SYMBOL.toLowerCase()}@kline_${interval}`)!, { isCombined: false, send })
    const symbols = new VenueSymbols(async () => [listing])
    const nowMs = () => this.#nowMs
    const sender = new KlineSender({ firstId: async () => 7, nowMs })
    const shared = { streams, symbols, sender, nowMs }
    const reader = {
      finalCandles: async (_: Listing, base: Interval, from: number, to: number) => this.#all(base, from, to),
    }
    const rolled = new RolledUpdates({
      ...shared,
      reader,
      recent: this.#recent,
      newestTradeMs: () => this.#visible.at(-1)?.eventTimeMs,
    })
    const openCandles = async (_: readonly string[], base: Interval) =>
      this.isBehind ? [] : this.candles(base).filter(({ isFinal }) => !isFinal)
    this.#klines = new KlineUpdates({ ...shared, openCandles, rolled, onDropped: () => undefined })
    this.#seconds = new SecondUpdates({
      ...shared,
      recentTrades: (_, maxCount) => this.#visible.slice(-maxCount),
      tradesIn: async (_, from, to) => {
        this.storeReads += 1
        return this.#visible.filter(({ eventTimeMs }) => eventTimeMs >= from && eventTimeMs < to)
      },
    })
  }

  candles(base: Interval): Candle[] {
    const finalUntilMs = this.#nowMs - LATENESS_MS
    return baseCandles(this.#visible, base).map((candle) => ({
      ...candle,
      isFinal: candle.closeTimeMs <= finalUntilMs,
    }))
  }

  /** What has become final goes to whoever reads the log. */
  passTo(timeMs: number): void {
    this.#nowMs = timeMs
    if (this.isBehind) return
    this.#stored = this.#final
    const known = new Set(this.#final.map(({ openTimeMs }) => openTimeMs))
    this.#final = this.candles(this.#base).filter(({ isFinal }) => isFinal)
    for (const candle of this.#final) {
      if (known.has(candle.openTimeMs)) continue
      this.#recent.take(candle)
      this.#klines.finish(listing, candle)
    }
  }

  revise(candle: Candle): void {
    this.#recent.take({ ...candle, revision: candle.revision + 1 })
  }

  async tell(): Promise<void> {
    await this.#klines.sendFinished()
    await this.#klines.sendOpen()
    await this.#seconds.send()
  }

  get #visible(): NumberedTrade[] {
    return this.#trades.filter(({ eventTimeMs }) => eventTimeMs <= this.#nowMs)
  }

  #all(base: Interval, fromMs: number, toMs: number): Candle[] {
    const recent = this.#recent.of(listing, base, fromMs, toMs)
    const stored = this.#stored.filter(({ openTimeMs }) => openTimeMs >= fromMs && openTimeMs < toMs)
    const byTime = new Map([...stored, ...recent].map((candle) => [candle.openTimeMs, candle]))
    return [...byTime.values()].sort((a, b) => a.openTimeMs - b.openTimeMs)
  }
}

const rowOf = ({ t, o, h, l, c, v, T, q, n, V, Q, B }: Told) => [t, o, h, l, c, v, T, q, n, V, Q, B]
const RUNS = { numRuns: 25 }

describe('streams of klines', () => {
  it.each(VENUE_INTERVALS.filter(isRolled))(
    '%s: grow as their trades come, and end once, as REST has them',
    async (interval) => {
      const [openTimeMs, closeTimeMs] = spanOf(interval, NOW_MS)
      const lengthMs = closeTimeMs - openTimeMs
      const stepMs = Math.max(LATENESS_MS, intervalMs(baseOf(interval).base) * 0.7)
      const request = fc.record({ trades: tradesArbitrary(NOW_MS, lengthMs / 6, 20), joinedAt: fc.nat({ max: 6 }) })
      await fc.assert(
        fc.asyncProperty(request, async ({ trades, joinedAt }) => {
          const market = new Market(interval, trades)
          const beginMs = trades[0]!.eventTimeMs
          let joinedMs = Number.POSITIVE_INFINITY
          for (let step = 0; beginMs + step * stepMs < closeTimeMs + 2 * stepMs + 20_000; step++) {
            market.passTo(beginMs + step * stepMs)
            if (step < joinedAt) continue
            joinedMs = Math.min(joinedMs, beginMs + step * stepMs)
            await market.tell()
          }
          const ended = market.told.filter(({ x }) => x).map(rowOf)
          const expected = bruteRows(trades, interval)
          const isExpected = (row: unknown[]) => Number(row[6]) >= joinedMs
          expect(ended.filter(isExpected)).toEqual(expected.filter(isExpected))
          expect(new Set(ended.map(([open]) => open)).size).toBe(ended.length)
          expectGrowth(market.told)
        }),
        RUNS,
      )
    },
  )

  it('3m: what is shown while it grows is what has traded so far', async () => {
    const trades = fc.sample(tradesArbitrary(NOW_MS, 20_000, 30), { numRuns: 1, seed: 3 })[0]!
    const market = new Market('3m', trades)
    for (let timeMs = trades[0]!.eventTimeMs; timeMs < NOW_MS; timeMs += 7000) {
      market.passTo(timeMs)
      await market.tell()
      const sofar = bruteRows(
        trades.filter(({ eventTimeMs }) => eventTimeMs <= timeMs),
        '3m',
      ).at(-1)
      const last = market.told.findLast(({ t }) => t === sofar![0])
      expect(rowOf(last!)).toEqual(sofar)
    }
    expect(market.told.some(({ i, f, L, n }) => i === '3m' && f === 7 && L === 6 + n)).toBe(true)
  })

  it('a candle that was corrected before the end of its kline counts as corrected', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => index + 1)
    const trades = ids.map((id) => ({ ...tradeOf(SYMBOL, id, '1.00', NOW_MS + (id * HOUR_MS) / 4), id }))
    const market = new Market('6h', trades)
    market.passTo(NOW_MS + 5 * HOUR_MS)
    await market.tell()
    const [first] = market.candles('1h')
    expect(first).toMatchObject({ isFinal: true })
    market.revise({ ...first!, tradeCount: first!.tradeCount + 5 })
    market.passTo(NOW_MS + 6 * HOUR_MS + 11_000)
    await market.tell()
    await market.tell()
    const [corrected] = bruteRows(trades, '6h').filter(([open]) => open === spanOf('6h', first!.openTimeMs)[0])
    const ends = market.told.filter(({ x, t }) => x && t === corrected![0])
    expect(ends.map(({ n }) => n)).toEqual([Number(corrected![8]) + 5])
  })

  it('a kline does not end without trades that the log has and the engine has not come to', async () => {
    const trades = [1, 2].map((id) => ({ ...tradeOf(SYMBOL, id, '1.00', NOW_MS + id * 1000), id }))
    const market = new Market('3m', trades)
    market.isBehind = true
    for (const timeMs of [NOW_MS + 5000, NOW_MS + 240_000]) {
      market.passTo(timeMs)
      await market.tell()
    }
    expect(market.told).toEqual([])
    market.isBehind = false
    market.passTo(NOW_MS + 242_000)
    await market.tell()
    expect(market.told.map(({ t, n, x }) => [t, n, x])).toEqual([[NOW_MS, 2, true]])
  })
})

describe('streams of klines of seconds', () => {
  it('1s: every second with trades ends once, as REST has it, and the newest one is shown', async () => {
    const request = fc.record({ trades: tradesArbitrary(NOW_MS, 400, 40), joinedAt: fc.nat({ max: 12 }) })
    await fc.assert(
      fc.asyncProperty(request, async ({ trades, joinedAt }) => {
        const market = new Market('1s', trades)
        const beginMs = trades[0]!.eventTimeMs
        const joinedMs = beginMs + joinedAt * 1000
        for (let timeMs = joinedMs; timeMs < NOW_MS + 5000; timeMs += 1000 + (timeMs % 7)) {
          market.passTo(timeMs)
          await market.tell()
        }
        const isExpected = (row: unknown[]) => Number(row[0]) >= openTimeOf('1s', joinedMs - LATENESS_MS)
        expect(market.told.filter(({ x }) => x).map(rowOf)).toEqual(bruteRows(trades, '1s').filter(isExpected))
        expect(market.told.every(({ f, L, n }) => L === f + n - 1)).toBe(true)
        expectGrowth(market.told)
      }),
    )
  })

  it('1s: the store is not asked where the end of the log reaches far enough back', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => index + 1)
    const trades = ids.map((id) => ({ ...tradeOf(SYMBOL, id, '1.00', NOW_MS - 50_000 + 500 * id), id }))
    const market = new Market('1s', trades)
    for (let timeMs = NOW_MS; timeMs < NOW_MS + 5000; timeMs += 1000) {
      market.passTo(timeMs)
      await market.tell()
    }
    expect([market.storeReads, market.told.length > 0]).toEqual([0, true])
  })
})

/** A kline that is shown again has as many trades or more, and none is shown before an older open one. */
function expectGrowth(told: readonly Told[]): void {
  const counts = new Map<number, number>()
  for (const { t, n } of told) {
    expect(n).toBeGreaterThanOrEqual(counts.get(t) ?? 0)
    counts.set(t, n)
  }
  const open = told.filter(({ x }) => !x).map(({ t }) => t)
  expect(open).toEqual(open.toSorted((a, b) => a - b))
}
