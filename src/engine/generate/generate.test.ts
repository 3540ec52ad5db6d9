import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { MARKET_ANOMALY_KINDS } from '../../events/label.ts'
import { defaultPaymentsOptions } from '../../feeds/payments/payments-options.ts'
import { ConstantRate } from '../../feeds/schedule.ts'
import { marketRules } from '../../feeds/simulator/simulator-market.ts'
import { LocalPieces } from './local-pieces.ts'
import type { PieceSource } from './piece.ts'
import { PieceMaker } from './piece-maker.ts'
import { ShardedPieces } from './sharded-pieces.ts'
import type { SourceSpec } from './source-spec.ts'

const ORIGIN_US = 1_767_225_600_000_000
const { seed: _seed, schedule: _schedule, ...payments } = defaultPaymentsOptions(1, new ConstantRate(1, 0), 0.01)

const symbols = ['AAPL', 'MSFT', 'TSLA']
const market = { rate: { ratePerSecond: 1000 }, symbols, rules: marketRules({}, symbols) }
const trades = { ...market, trades: true, quotes: false }
const both = { ...market, trades: true, quotes: true }
const paid = { rate: { ratePerSecond: 300 }, options: payments }
const stages = [
  { durationSeconds: 20, fromPerSecond: 100, toPerSecond: 9000 },
  { durationSeconds: 30, fromPerSecond: 3000, toPerSecond: 0 },
]
/** Half a minute before a market closes for a weekend. */
const FRIDAY_US = Date.UTC(2026, 0, 9, 20, 59, 30) * 1000
const ratesPerDay = Object.fromEntries(MARKET_ANOMALY_KINDS.map((kind) => [kind, 10]))
const anomalies = { ratesPerDay, schedule: [], labelDelayMs: 0 }
const dirty = {
  missing: 0.01,
  duplicate: 0.01,
  late: 0.02,
  'out-of-order': 0.05,
  malformed: 0.01,
  'clock-skewed': 0.02,
} as const

const plain = { format: 'ndjson', seed: 1, originUs: ORIGIN_US, pieceCount: 8192 } as const
const STREAMS: Readonly<Record<string, SourceSpec>> = {
  trades: { ...plain, market: trades },
  'trades as CSV': { ...plain, format: 'csv', market: trades },
  'trades and quotes, columnar': { ...plain, format: 'columnar', market: both },
  'in small pieces': { ...plain, pieceCount: 64, market: trades },
  'of a shape': { ...plain, market: { ...both, rate: { stages } } },
  'with anomalies': { ...plain, market: { ...both, anomalies } },
  'with anomalies, columnar': { ...plain, format: 'columnar', market: { ...trades, anomalies } },
  'in trading hours': {
    ...plain,
    originUs: FRIDAY_US,
    market: { ...both, rules: marketRules({ hours: 'nyse' }, symbols) },
  },
  payments: { ...plain, payments: paid },
  'all kinds': { ...plain, market: both, payments: paid },
  'all kinds, columnar': { ...plain, format: 'columnar', market: both, payments: paid },
  'spoiled trades': { ...plain, market: trades, dirty },
  'all kinds, spoiled': { ...plain, market: both, payments: paid, dirty },
  quotes: { ...plain, market: { ...market, trades: false, quotes: true } },
  'quotes as CSV': { ...plain, format: 'csv', market: { ...market, trades: false, quotes: true, anomalies } },
  'spoiled quotes': { ...plain, market: { ...market, trades: false, quotes: true }, dirty },
}

async function hashOf(source: PieceSource, endIndex: number, hash = createHash('sha256')): Promise<string> {
  await source.start(new AbortController().signal)
  while (source.index < endIndex) {
    const piece = await source.next()
    hash.update(piece.bytes)
    source.recycle(piece)
  }
  await source.close()
  return hash.copy().digest('hex')
}

/** A thread takes half a second to start: these have all there is among them. */
const SHARDED: readonly (readonly [name: string, shardCounts: readonly number[]])[] = [
  ['trades and quotes, columnar', [2, 3]],
  ['of a shape', [2]],
  ['payments', [2]],
  ['with anomalies', [2]],
  ['all kinds, spoiled', [3]],
]

describe('a stream on several threads', () => {
  it.each(SHARDED)('is the same as on one: %s', async (name, shardCounts) => {
    const endIndex = 140_000
    const spec = STREAMS[name]!
    const hashes = await Promise.all([
      hashOf(new LocalPieces(spec, 0, endIndex), endIndex),
      ...shardCounts.map((shardCount) => hashOf(new ShardedPieces(spec, 0, endIndex, shardCount), endIndex)),
    ])
    expect(new Set(hashes).size).toBe(1)
  })

  it('goes on at any event', async () => {
    const spec = STREAMS['all kinds, spoiled']!
    const [from, to] = [33_333, 120_000]
    expect(await hashOf(new ShardedPieces(spec, from, to, 2), to)).toBe(
      await hashOf(new LocalPieces(spec, from, to), to),
    )
  })

  it('fails where one of them does', async () => {
    const source = new ShardedPieces({ ...STREAMS.trades!, market: { ...trades, symbols: [] } }, 0, 1000, 1)
    await source.start(new AbortController().signal)
    await expect(source.next()).rejects.toMatchObject({ code: 'worker-failed' })
    await source.close()
  })
})

describe.each(Object.entries(STREAMS))('a stream: %s', (_name, spec) => {
  it('is the same in pieces that are begun anywhere', async () => {
    // Columnar batches begin where a stream does: there the same bytes need a cut between two of them.
    const endIndex = 30_000
    const cuts = spec.format === 'columnar' ? [0, 8192, 24_576, endIndex] : [0, 6666, 21_111, 21_112, endIndex]
    const whole = createHash('sha256')
    await hashOf(new LocalPieces(spec, 0, endIndex), endIndex, whole)
    const parts = createHash('sha256')
    for (let part = 1; part < cuts.length; part++) {
      const [from, to] = [cuts[part - 1]!, cuts[part]!]
      await hashOf(new LocalPieces(spec, from, to), to, parts)
    }
    expect(parts.digest('hex')).toBe(whole.digest('hex'))
  })
})

describe('the way to an event', () => {
  const spec = STREAMS['all kinds, spoiled']!

  it('leads to the same events in any number of turns', () => {
    const [from, to] = [200_000, 200_500]
    const atOnce = new PieceMaker(spec)
    expect(atOnce.skipTo(from)).toBe(1)
    const inTurns = new PieceMaker(spec)
    const parts: number[] = []
    let asked = 0
    do parts.push(inTurns.skipTo(from, () => ++asked % 2 === 0))
    while (parts.at(-1)! < 1)
    expect(parts.length).toBeGreaterThan(1)
    expect(parts).toEqual(parts.toSorted((a, b) => a - b))
    const [one, other] = [atOnce, inTurns].map((maker) => Buffer.from(maker.make(to, new Uint8Array(0)).bytes))
    expect(one!.equals(other!)).toBe(true)
  })

  it.each([
    ['one thread', (from: number) => new LocalPieces(STREAMS.trades!, from, from + 1)],
    ['two threads', (from: number) => new ShardedPieces(STREAMS.trades!, from, from + 1, 2)],
  ])('is left when it is called off: %s', async (_, open) => {
    const source = open(1e12)
    const abort = new AbortController()
    setTimeout(() => abort.abort(), 100)
    await source.start(abort.signal)
    await source.close()
    expect(source.startedPart).toBeLessThan(1)
  })
})

it('a stream of quotes alone has one for each event', async () => {
  const source = new LocalPieces(STREAMS.quotes!, 0, 8192)
  const { bytes, counts } = await source.next()
  expect(counts).toEqual({ quotes: 8192 })
  const quotes = Buffer.from(bytes)
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; eventTimeMs: number })
  expect(
    quotes.every(({ type, eventTimeMs }, index) => type === 'quote' && eventTimeMs === ORIGIN_US / 1000 + index),
  ).toBe(true)
})
