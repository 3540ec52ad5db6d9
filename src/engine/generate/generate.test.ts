import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { defaultPaymentsOptions } from '../../feeds/payments/payments-options.ts'
import { ConstantRate } from '../../feeds/schedule.ts'
import { marketRules } from '../../feeds/simulator/simulator-market.ts'
import { LocalPieces } from './local-pieces.ts'
import type { PieceSource } from './piece.ts'
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
  payments: { ...plain, payments: paid },
  'all kinds': { ...plain, market: both, payments: paid },
  'all kinds, columnar': { ...plain, format: 'columnar', market: both, payments: paid },
  'spoiled trades': { ...plain, market: trades, dirty },
  'all kinds, spoiled': { ...plain, market: both, payments: paid, dirty },
  'spoiled quotes': { ...plain, market: { ...market, trades: false, quotes: true }, dirty },
}

async function hashOf(source: PieceSource, endIndex: number, hash = createHash('sha256')): Promise<string> {
  while (source.index < endIndex) {
    const piece = await source.next()
    hash.update(piece.bytes)
    source.recycle(piece)
  }
  await source.close()
  return hash.copy().digest('hex')
}

describe.each(Object.entries(STREAMS))('a stream: %s', (_name, spec) => {
  it('is the same on one, two and three threads', async () => {
    const endIndex = 140_000
    const [one, two, three] = await Promise.all([
      hashOf(new LocalPieces(spec, 0, endIndex), endIndex),
      hashOf(new ShardedPieces(spec, 0, endIndex, 2), endIndex),
      hashOf(new ShardedPieces(spec, 0, endIndex, 3), endIndex),
    ])
    expect([two, three]).toEqual([one, one])
  })

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
