import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { InstrumentTable } from '../../events/instrument.ts'
import { QuoteBatch } from '../../events/quote-batch.ts'
import type { Trade } from '../../events/trade.ts'
import { TradeBatch } from '../../events/trade-batch.ts'
import { candleOf } from '../testing/sample-events.ts'
import { ChangeRing } from './change-ring.ts'
import { FrameEncoder } from './frame-encoder.ts'
import { LiveHub } from './live-hub.ts'
import { Subscriptions } from './subscriptions.ts'

const SYMBOLS = ['A', 'B', 'C']

function tradeBatch(
  instruments: InstrumentTable,
  rows: readonly (readonly [symbol: string, id: number])[],
  decimals = 0,
) {
  const batch = new TradeBatch(instruments, rows.length)
  rows.forEach(([symbol, id], row) => {
    batch.instrument[row] = instruments.register('v', symbol, decimals, 0)
    batch.priceLow[row] = id * 10 ** decimals
    batch.quantityLow[row] = 1
    batch.id[row] = id
    batch.tradeCount[row] = 1
  })
  batch.count = rows.length
  return batch
}

class Reader {
  readonly trades: Trade[] = []
  missedCount = 0
  readonly subscriptions: Subscriptions
  readonly #hub: LiveHub
  readonly #encoder: FrameEncoder
  #since: number

  constructor(hub: LiveHub, encoder: FrameEncoder, symbols: '*' | readonly string[]) {
    this.#hub = hub
    this.#encoder = encoder
    this.#since = hub.sequence
    this.subscriptions = new Subscriptions(hub)
    this.subscriptions.add('trades', symbols)
  }

  pull(): void {
    const { bytes, losses } = this.#encoder.encode(this.subscriptions, this.#since)
    this.#since = this.#hub.sequence
    this.subscriptions.markSeen()
    for (const loss of losses) this.missedCount += loss.missedCount
    if (bytes !== undefined) this.trades.push(...JSON.parse(bytes.toString()).trades)
  }
}

describe('live delivery as a property', () => {
  it('readers of any pace get every trade of theirs in order, or are told how many they missed', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('trades' as const),
        symbols: fc.array(fc.constantFrom(...SYMBOLS), { maxLength: 60 }),
      }),
      fc.record({ kind: fc.constant('burst' as const), symbol: fc.constantFrom(...SYMBOLS) }),
      fc.record({ kind: fc.constant('settle' as const) }),
      fc.record({ kind: fc.constant('pull' as const), reader: fc.nat(3) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const hub = new LiveHub()
        const encoder = new FrameEncoder(hub, () => 0)
        const filters: ('*' | string[])[] = ['*', ['A'], ['A', 'B'], ['A']]
        const readers = filters.map((symbols) => new Reader(hub, encoder, symbols))
        const all: [string, number][] = []
        const take = (symbols: readonly string[]) => {
          const rows = symbols.map((symbol, index): [string, number] => [symbol, all.length + index])
          all.push(...rows)
          hub.takeTrades(tradeBatch(hub.instruments, rows))
        }
        for (const action of steps) {
          if (action.kind === 'trades') take(action.symbols)
          else if (action.kind === 'burst') take(Array.from({ length: 700 }, () => action.symbol))
          else if (action.kind === 'settle') hub.settle()
          else readers[action.reader]?.pull()
        }
        hub.settle()
        readers.forEach((reader, index) => {
          reader.pull()
          const filter = filters[index]!
          const expected = all.filter(([symbol]) => filter === '*' || filter.includes(symbol))
          expect(reader.trades.length + reader.missedCount).toBe(expected.length)
          for (const symbol of SYMBOLS) {
            const ids = reader.trades.filter((trade) => trade.symbol === symbol).map((trade) => trade.id!)
            expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b))
          }
          if (reader.missedCount === 0) {
            const got = reader.trades.map(({ symbol, id }) => `${symbol} ${id}`).sort()
            expect(got).toEqual(expected.map(([symbol, id]) => `${symbol} ${id}`).sort())
          }
        })
      }),
      { numRuns: 60 },
    )
  })
})

describe('live hub', () => {
  it('gives sessions that stand at the same step the very same bytes', () => {
    const hub = new LiveHub()
    const encoder = new FrameEncoder(hub, () => 0)
    const [one, two] = [new Subscriptions(hub), new Subscriptions(hub)]
    one.add('trades', ['A', 'B'])
    two.add('trades', ['B'])
    two.add('trades', ['A'])
    hub.takeTrades(tradeBatch(hub.instruments, [['A', 1]]))
    hub.settle()
    expect(encoder.encode(one, 0).bytes).toBe(encoder.encode(two, 0).bytes)
  })

  it('remembers nothing of symbols that nobody watches any more', () => {
    const hub = new LiveHub()
    const subscriptions = new Subscriptions(hub)
    subscriptions.add('trades', ['A'])
    subscriptions.add('quotes', '*')
    hub.takeQuotes(new QuoteBatch(hub.instruments, 0))
    subscriptions.clear()
    expect(hub.tradeChannel.isWatched || hub.quoteChannel.isWatched).toBe(false)
    hub.takeTrades(tradeBatch(hub.instruments, [['A', 1]]))
    expect(hub.settle()).toBe(false)
  })
})

describe('what the live hub keeps', () => {
  it('keeps the latest row of every instrument, in its newest decimals', () => {
    const hub = new LiveHub()
    const watching = new Subscriptions(hub)
    watching.add('trades', ['A'])
    hub.takeTrades(
      tradeBatch(hub.instruments, [
        ['A', 1],
        ['B', 2],
        ['A', 3],
      ]),
    )
    const many = Array.from({ length: 200 }, (_, n): [string, number] => [`S${n}`, n + 10])
    hub.takeTrades(tradeBatch(hub.instruments, many))
    hub.takeTrades(tradeBatch(hub.instruments, [['A', 4]], 2))
    hub.takeTrades(tradeBatch(hub.instruments, [['B', 5]], 3))
    expect(hub.trades('A')[0]?.price).toBe('4.00')
    expect(hub.trades('B')[0]?.price).toBe('5.000')
    expect(hub.trades('S199')[0]?.price).toBe('209')
    expect(hub.trades()).toHaveLength(202)
    hub.settle()
    const { bytes } = new FrameEncoder(hub, () => 0).encode(watching, 0)
    const prices = JSON.parse(bytes?.toString() ?? '').trades.map((trade: Trade) => trade.price)
    expect(prices).toEqual(['1.00', '3.00', '4.00'])
  })

  it('takes a trade that comes late for no newer than it is', () => {
    const hub = new LiveHub()
    const batch = (...rows: (readonly [price: number, timeUs: number])[]) => {
      const trades = tradeBatch(
        hub.instruments,
        rows.map(([price]): [string, number] => ['A', price]),
      )
      trades.eventTimeUs.set(rows.map(([, timeUs]) => timeUs))
      return trades
    }
    hub.takeTrades(batch([3, 3000], [1, 1000]))
    expect(hub.trades('A')[0]?.price).toBe('3')
    hub.takeTrades(batch([2, 2000]))
    expect(hub.trades('A')[0]?.price).toBe('3')
    hub.takeTrades(batch([4, 3000]))
    expect(hub.trades('A')[0]?.price).toBe('4')
  })

  it('merges the changes of one candle, and keeps those of different ones apart', () => {
    const hub = new LiveHub()
    const subscriptions = new Subscriptions(hub)
    subscriptions.add('candles:1m', ['A'])
    hub.takeOpenCandles([candleOf('A', 0, { isFinal: false, tradeCount: 1 })])
    hub.takeOpenCandles([
      candleOf('A', 0, { isFinal: false, tradeCount: 2 }),
      candleOf('A', 60_000, { isFinal: false }),
    ])
    hub.takeCandles([candleOf('A', 0)])
    hub.takeOpenCandles([candleOf('A', 0, { isFinal: false, tradeCount: 3 })])
    hub.settle()
    const { bytes, losses } = new FrameEncoder(hub, () => 0).encode(subscriptions, 0)
    const candles = JSON.parse(bytes?.toString() ?? '').candles
    expect(candles).toEqual([candleOf('A', 60_000, { isFinal: false }), candleOf('A', 0)])
    expect(losses).toEqual([])
  })
})

describe('change ring', () => {
  it('keeps the newest, and counts all', () => {
    const ring = new ChangeRing('A')
    for (let n = 1; n <= 2000; n++) ring.push(String(n), n, 10)
    expect(ring.newest(3)).toEqual(['1998', '1999', '2000'])
    expect(ring.since(0)).toEqual({ text: Array.from({ length: 10 }, (_, i) => 1991 + i).join(','), count: 10 })
    expect(ring.since(1998).text).toBe('1999,2000')
    expect(ring.since(2000).text).toBe('')
    expect(ring.count).toBe(2000)
  })
})
