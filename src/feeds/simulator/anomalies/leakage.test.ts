import { describe, expect, it } from 'vitest'
import { Random } from '../../../base/random.ts'
import { InstrumentTable } from '../../../events/instrument.ts'
import { MARKET_ANOMALY_KINDS, type MarketAnomalyKind } from '../../../events/label.ts'
import { QuoteBatch } from '../../../events/quote-batch.ts'
import { TradeBatch } from '../../../events/trade-batch.ts'
import { separationOf } from '../../payments/leakage-test-kit.ts'
import { DEFAULT_SYMBOLS } from '../symbol-presets.ts'
import { MarketWorld, type MarketWorldOptions } from '../world/market-world.ts'
import {
  isIn,
  marketOf,
  type QuoteRow,
  quoteRowAt,
  type Rows,
  START_US,
  type TradeRow,
  tradeRowAt,
} from './anomalies-test-kit.ts'
import { slipCount } from './anomaly-effects.ts'
import { parseAnomalyRates } from './anomaly-options.ts'
import { AnomalyPlan } from './anomaly-plan.ts'
import type { AnomalyStretch } from './anomaly-stretch.ts'

/*
 * No label may be read off one number of one row: what is found must come from what went before, as in life. For each
 * kind and each field that a trade or a quote has (and what follows from its place in the stream), this looks for the
 * best single split by brute force, between the rows of the kind's stretches and rows in which nothing is wrong.
 */

/** Of a fat finger's stretch, most rows are as ever: its own one to three trades are looked at as well. */
type Audited = MarketAnomalyKind | 'fat-finger, its own trades'

/** Highest AUC that one field may have, by rank, by threshold or by value. */
const AUC_MAX = 0.75

/** What the scenario itself says, and how far it may go. */
const EXCEPTIONS: readonly { kind: Audited; fields: readonly string[]; aucMax: number; because: string }[] = [
  {
    kind: 'flash-crash',
    fields: ['trade price against the day', 'bid against the day'],
    aucMax: 0.93,
    because: 'a price far below that of the day is what a crash is; the price alone stays under the bound',
  },
  {
    kind: 'price-spike',
    fields: ['trade price against the day', 'bid against the day'],
    aucMax: 0.85,
    because: 'a price away from that of the day is what a spike is; it goes either way, so that one threshold has half',
  },
  {
    kind: 'pump-and-dump',
    fields: ['trade price against the day', 'bid against the day'],
    aucMax: 0.97,
    because: 'a price far above that of the day is what a pump is; the price alone stays under the bound',
  },
  {
    kind: 'volume-burst',
    fields: ['quantity'],
    aucMax: 0.93,
    because: 'larger trades are what the burst is, beside more of them; ordinary quantities reach as far',
  },
  {
    kind: 'crossed-quotes',
    fields: ['spread', 'spread in basis points'],
    aucMax: 1,
    because: 'a spread below zero is what crossed quotes are',
  },
  {
    kind: 'fat-finger, its own trades',
    fields: ['quantity', 'trade price against the day'],
    aucMax: 0.99,
    because: 'a price and a quantity that nobody meant are what the slip is: one to three rows of a stretch have them',
  },
]

const SEEDS = [1, 2026]
const RATE = 10
const DAY_US = 86_400_000_000
const DAY_COUNT = 86_400 * RATE
/** One row in so many is taken where nothing is wrong: no part of an id's remainders, of a cycle of symbols or of a minute. */
const SKIP = 37
const LABELLED_MAX_COUNT = 3000
const ORDINARY_MAX_COUNT = 6000

interface Context {
  /** Of the whole day, by symbol. */
  readonly medianPrice: readonly number[]
}

const TRADE_FIELDS: Readonly<Record<string, (row: TradeRow, context: Context) => number>> = {
  'trade price': ({ price }) => price,
  'trade price against the day': ({ price, symbol }, { medianPrice }) => price / medianPrice[symbol]!,
  'last digit of the trade price': ({ price }) => price % 10,
  'cents of the trade price': ({ price }) => price % 100,
  quantity: ({ quantity }) => quantity,
  'last digit of the quantity': ({ quantity }) => quantity % 10,
  'taker side': ({ isBuy }) => Number(isBuy),
  'trade id': ({ id }) => id,
  'trade id mod 10': ({ id }) => id % 10,
  'trade id mod 16': ({ id }) => id % 16,
  ...placeFields('trade'),
}

const QUOTE_FIELDS: Readonly<Record<string, (row: QuoteRow, context: Context) => number>> = {
  bid: ({ bid }) => bid,
  ask: ({ ask }) => ask,
  'bid against the day': ({ bid, symbol }, { medianPrice }) => bid / medianPrice[symbol]!,
  'last digit of the bid': ({ bid }) => bid % 10,
  spread: ({ bid, ask }) => ask - bid,
  'spread in basis points': ({ bid, ask }) => ((ask - bid) / bid) * 1e4,
  'bid quantity': ({ bidQuantity }) => bidQuantity,
  'ask quantity': ({ askQuantity }) => askQuantity,
  sequence: ({ sequence }) => sequence,
  'sequence mod 10': ({ sequence }) => sequence % 10,
  'sequence mod 16': ({ sequence }) => sequence % 16,
  ...placeFields('quote'),
}

/** What every row has: its symbol and its time, which at an even rate is its place in the stream as well. */
function placeFields(type: string): Record<string, (row: { symbol: number; timeUs: number }) => number> {
  return {
    [`symbol of the ${type}`]: ({ symbol }) => symbol,
    [`time of the ${type}`]: ({ timeUs }) => timeUs,
    [`time of day of the ${type}`]: ({ timeUs }) => timeUs % DAY_US,
    [`minute of the quarter of an hour of the ${type}`]: ({ timeUs }) => Math.floor(timeUs / 60e6) % 15,
    [`second of the minute of the ${type}`]: ({ timeUs }) => timeUs % 60e6,
    [`part of the second of the ${type}`]: ({ timeUs }) => timeUs % 1e6,
  }
}

interface Sample {
  readonly stretches: readonly AnomalyStretch[]
  readonly labelled: ReadonlyMap<Audited, Rows>
  readonly ordinary: Rows
  readonly context: Context
}

function dayOf(seed: number): MarketWorldOptions {
  const symbols = DEFAULT_SYMBOLS.map(({ symbol }) => symbol)
  const anomalies = { ratesPerDay: parseAnomalyRates('all=10', '--anomalies') }
  return marketOf({ seed, symbols, ratePerSecond: RATE, anomalies })
}

/** A day of a market: all rows of its stretches, and some of the others. */
function sampleOf(seed: number): Sample {
  const options = dayOf(seed)
  const { symbols } = options
  const stretches = new AnomalyPlan(options).touching(START_US, START_US + DAY_US)
  const labelled = new Map<Audited, Rows>(MARKET_ANOMALY_KINDS.map((kind) => [kind, { trades: [], quotes: [] }]))
  const ordinary: Rows = { trades: [], quotes: [] }
  const prices: number[][] = symbols.map(() => [])
  const [tradeKinds, quoteKinds] = [kindFinder(stretches, symbols.length), kindFinder(stretches, symbols.length)]
  forEachPiece(options, (trades, quotes) => {
    for (let row = 0; row < trades.count; row++) {
      const kind = tradeKinds(trades.instrument[row]!, trades.eventTimeUs[row]!)
      if (row % SKIP === 0) prices[trades.instrument[row]!]!.push(trades.priceLow[row]!)
      if (kind !== undefined) labelled.get(kind)!.trades.push(tradeRowAt(trades, row))
      else if (row % SKIP === 0) ordinary.trades.push(tradeRowAt(trades, row))
    }
    for (let row = 0; row < quotes.count; row++) {
      const kind = quoteKinds(quotes.instrument[row]!, quotes.eventTimeUs[row]!)
      if (kind !== undefined) labelled.get(kind)!.quotes.push(quoteRowAt(quotes, row))
      else if (row % SKIP === 0) ordinary.quotes.push(quoteRowAt(quotes, row))
    }
  })
  const medianPrice = prices.map((own) => own.toSorted((a, b) => a - b)[Math.floor(own.length / 2)]!)
  return { stretches, labelled, ordinary, context: { medianPrice } }
}

/** Tells the kind of the stretch that a row is in; rows are asked in time order. */
function kindFinder(stretches: readonly AnomalyStretch[], symbolCount: number) {
  const own = Array.from({ length: symbolCount }, (_, symbol) => stretches.filter((other) => other.symbol === symbol))
  const next = new Array<number>(symbolCount).fill(0)
  return (symbol: number, timeUs: number): MarketAnomalyKind | undefined => {
    while (next[symbol]! < own[symbol]!.length && own[symbol]![next[symbol]!]!.toUs <= timeUs) next[symbol]! += 1
    const stretch = own[symbol]![next[symbol]!]
    return stretch === undefined || stretch.fromUs > timeUs ? undefined : stretch.kind
  }
}

function forEachPiece(options: MarketWorldOptions, take: (trades: TradeBatch, quotes: QuoteBatch) => void): void {
  const instruments = new InstrumentTable()
  const world = new MarketWorld(options, instruments)
  const trades = new TradeBatch(instruments, 8192)
  const quotes = new QuoteBatch(instruments, 8192)
  while (world.index < DAY_COUNT) {
    trades.count = 0
    quotes.count = 0
    world.fill(trades, quotes, DAY_COUNT)
    take(trades, quotes)
  }
}

function thinned<T>(rows: readonly T[], count: number): T[] {
  const step = Math.max(1, Math.ceil(rows.length / count))
  return rows.filter((_, index) => index % step === 0)
}

/** The AUC of every field of rows of one sort. */
function* aucsOf<R>(
  fields: Readonly<Record<string, (row: R, context: Context) => number>>,
  labelled: readonly R[],
  ordinary: readonly R[],
  context: Context,
): Generator<{ field: string; auc: number }> {
  if (labelled.length === 0) return
  for (const [field, read] of Object.entries(fields)) {
    const values = (rows: readonly R[]) => rows.map((row) => read(row, context))
    const { rankAuc, thresholdAuc, valueAuc } = separationOf(values(labelled), values(ordinary))
    yield { field, auc: Math.max(rankAuc, thresholdAuc, valueAuc) }
  }
}

function boundOf(kind: Audited, field: string): number {
  return EXCEPTIONS.find((exception) => exception.kind === kind && exception.fields.includes(field))?.aucMax ?? AUC_MAX
}

/** The first trades of each fat finger's stretch, as many as it has made. */
function slipsOf(stretches: readonly AnomalyStretch[], { trades }: Rows): Rows {
  const slips = stretches
    .filter(({ kind }) => kind === 'fat-finger')
    .flatMap((stretch) => trades.filter((row) => isIn(row, stretch)).slice(0, slipCount(stretch)))
  return { trades: slips, quotes: [] }
}

/** What a stretch has of its own, before any row of it is seen. */
const STRETCH_FIELDS: Readonly<Record<string, (row: { symbol: number; timeUs: number }) => number>> =
  placeFields('stretch')

describe('the leakage audit', () => {
  it.each(SEEDS)('finds no single field of a row that tells an anomaly (seed %d)', (seed) => {
    const { stretches, labelled, ordinary, context } = sampleOf(seed)
    const trades = thinned(ordinary.trades, ORDINARY_MAX_COUNT)
    const quotes = thinned(ordinary.quotes, ORDINARY_MAX_COUNT)
    const found: string[] = []
    const audited = new Map(labelled).set('fat-finger, its own trades', slipsOf(stretches, labelled.get('fat-finger')!))
    for (const [kind, own] of audited) {
      const aucs = [
        ...aucsOf(TRADE_FIELDS, thinned(own.trades, LABELLED_MAX_COUNT), trades, context),
        ...aucsOf(QUOTE_FIELDS, thinned(own.quotes, LABELLED_MAX_COUNT), quotes, context),
      ]
      for (const { field, auc } of aucs) {
        if (!(auc <= boundOf(kind, field))) found.push(`${kind}: ${field} ${auc.toFixed(3)}`)
      }
    }
    expect(found).toEqual([])
    const countOf = (rows: Rows) => rows.trades.length + rows.quotes.length
    const withoutRows = [...audited].filter(([, rows]) => countOf(rows) < 100).map(([kind]) => kind)
    expect(withoutRows).toEqual(['stale-feed'])
  })

  it.each(SEEDS)('finds nothing about the beginning of a stretch that tells its kind (seed %d)', (seed) => {
    const options = dayOf(seed)
    const stretches = new AnomalyPlan(options).touching(START_US, START_US + DAY_US)
    const random = new Random(99)
    const anywhere = Array.from({ length: ORDINARY_MAX_COUNT }, () => ({
      symbol: random.nextInt(options.symbols.length),
      timeUs: START_US + random.nextInt(DAY_US / 1000) * 1000,
    }))
    const found: string[] = []
    for (const kind of MARKET_ANOMALY_KINDS) {
      const own = stretches.filter((stretch) => stretch.kind === kind)
      expect(own.length, kind).toBeGreaterThan(60)
      const starts = own.map(({ symbol, fromUs }) => ({ symbol, timeUs: fromUs }))
      for (const { field, auc } of aucsOf(STRETCH_FIELDS, starts, anywhere, { medianPrice: [] })) {
        // With a hundred of them chance alone comes to 0.57.
        if (!(auc <= 0.62)) found.push(`${kind}: ${field} ${auc.toFixed(3)}`)
      }
    }
    expect(found).toEqual([])
  })
})
