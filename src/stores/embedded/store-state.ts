import { FinPulseError } from '../../base/errors.ts'
import type { Candle } from '../../events/candle.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import { INTERVALS } from '../../events/interval.ts'
import { QuoteBatch } from '../../events/quote-batch.ts'
import { TradeBatch } from '../../events/trade-batch.ts'
import type { StorePosition, StoreWrite } from '../market-store.ts'
import { type CandleRow, candleDecimals } from './candle-rows.ts'
import { LatestRows } from './latest-rows.ts'
import { type RowMapping, StoreInstruments } from './store-instruments.ts'

const NO_INSTRUMENTS = new InstrumentTable()

/** A write with its instruments resolved and its candles checked: what may fail on bad input has not failed. */
export interface PreparedWrite {
  readonly trades: readonly { readonly batch: TradeBatch; readonly mapping: RowMapping }[]
  readonly quotes: readonly { readonly batch: QuoteBatch; readonly mapping: RowMapping }[]
  /** Candles that cannot have a stored revision: they open after all stored ones of their instrument and interval. */
  readonly newCandles: readonly CandleRow[]
  /** The others, the last one given of each revision. */
  readonly revisedCandles: readonly CandleRow[]
  readonly tradeCount: number
  readonly quoteCount: number
  readonly source: SourceState
}

/** The row of the `source` table. */
export interface SourceState {
  readonly epoch: string | undefined
  readonly positions: readonly StorePosition[]
  readonly tradeSeq: number
  readonly quoteSeq: number
  readonly alertSeq: number
  /** Not a column of its own: the number after that of the newest gap. */
  readonly gapSeq: number
}

export const EMPTY_SOURCE: SourceState = {
  epoch: undefined,
  positions: [],
  tradeSeq: 0,
  quoteSeq: 0,
  alertSeq: 0,
  gapSeq: 0,
}

/** What the store knows without reading: kept equal to the committed tables. */
export class StoreState {
  readonly instruments = new StoreInstruments()
  readonly latestTrades = new LatestRows((capacity) => new TradeBatch(NO_INSTRUMENTS, capacity))
  readonly latestQuotes = new LatestRows((capacity) => new QuoteBatch(NO_INSTRUMENTS, capacity))
  source = EMPTY_SOURCE
  tradeCount = 0
  quoteCount = 0
  /** Newest open time by instrument and interval, ms: two numbers for each pair that has candles. */
  readonly #newestOpenMs = new Map<number, number>()

  /** @throws FinPulseError store-failed for a write of another epoch and for a candle that cannot be kept */
  prepare(write: StoreWrite): PreparedWrite {
    const { epoch, tradeSeq, quoteSeq, alertSeq, gapSeq, positions } = this.source
    if (epoch !== undefined && epoch !== write.epoch) {
      throw new FinPulseError(
        'store-failed',
        `market store: a write of epoch "${write.epoch}" into a store of epoch "${epoch}"; clear it first`,
      )
    }
    const { newCandles, revisedCandles } = this.#sortCandles(write.candles)
    const tradeCount = write.trades.reduce((sum, batch) => sum + batch.count, 0)
    const quoteCount = write.quotes.reduce((sum, batch) => sum + batch.count, 0)
    return {
      trades: write.trades.map((batch) => ({ batch, mapping: this.instruments.mappingOf(batch) })),
      quotes: write.quotes.map((batch) => ({ batch, mapping: this.instruments.mappingOf(batch) })),
      newCandles,
      revisedCandles,
      tradeCount,
      quoteCount,
      source: {
        epoch: write.epoch,
        positions: movedPositions(positions, write.positions),
        tradeSeq: tradeSeq + tradeCount,
        quoteSeq: quoteSeq + quoteCount,
        alertSeq: alertSeq + write.alerts.length,
        gapSeq: gapSeq + write.gaps.length,
      },
    }
  }

  /** Takes a committed write into account. */
  committed(write: PreparedWrite): void {
    const { table } = this.instruments
    for (const { batch, mapping } of write.trades) this.latestTrades.observe(batch, mapping, table)
    for (const { batch, mapping } of write.quotes) this.latestQuotes.observe(batch, mapping, table)
    for (const row of write.newCandles) this.sawCandle(row.instrument, row.interval, row.candle.openTimeMs)
    this.tradeCount += write.tradeCount
    this.quoteCount += write.quoteCount
    this.source = write.source
  }

  sawCandle(instrument: number, interval: number, openTimeMs: number): void {
    const series = seriesOf(instrument, interval)
    this.#newestOpenMs.set(series, Math.max(openTimeMs, this.#newestOpenMs.get(series) ?? 0))
  }

  #sortCandles(candles: readonly Candle[]): { newCandles: CandleRow[]; revisedCandles: CandleRow[] } {
    const newCandles: CandleRow[] = []
    const revised = new Map<string, CandleRow>()
    const newest = new Map<number, number>()
    for (const candle of candles) {
      if (!candle.isFinal) continue
      const row = this.#candleRow(candle)
      const series = seriesOf(row.instrument, row.interval)
      if (candle.openTimeMs > (newest.get(series) ?? this.#newestOpenMs.get(series) ?? -1)) {
        newest.set(series, candle.openTimeMs)
        newCandles.push(row)
      } else {
        revised.set(`${series} ${candle.openTimeMs} ${candle.revision}`, row)
      }
    }
    return { newCandles, revisedCandles: [...revised.values()] }
  }

  #candleRow(candle: Candle): CandleRow {
    const decimals = candleDecimals(candle)
    const [, , , close, volume] = decimals
    return {
      candle,
      decimals,
      instrument: this.instruments.register(candle.venue, candle.symbol, close!.decimals, volume!.decimals),
      interval: INTERVALS.indexOf(candle.interval),
    }
  }
}

function seriesOf(instrument: number, interval: number): number {
  return instrument * INTERVALS.length + interval
}

function movedPositions(before: readonly StorePosition[], moves: readonly StorePosition[]): StorePosition[] {
  const byPartition = new Map([...before, ...moves].map((entry) => [`${entry.topic} ${entry.partition}`, entry]))
  return [...byPartition.values()]
}
