import type { FinPulseError } from '../../base/errors.ts'
import type { Kline } from '../../feeds/replay/kline-lines.ts'
import { ReplayReader } from '../../feeds/replay/replay-reader.ts'
import type { RowCounts } from '../../feeds/rows/row-ledger.ts'
import { MarketProcessor } from '../../processors/market-processor.ts'
import { MinuteSeriesBuilder } from '../../processors/statistics/minute-series-builder.ts'
import { readableSteps } from './readable-steps.ts'

/** After so long without any trade a market was closed, or nobody recorded it. */
const QUIET_MAX_MINUTES = 60

/** The minutes of one symbol. */
export interface SymbolMinutes {
  readonly venue: string
  readonly symbol: string
  readonly builder: MinuteSeriesBuilder
}

/** The 1m candles of every symbol: those that are made of its trades, and those that klines give. */
export class MarketMinutes {
  readonly processor: MarketProcessor
  readonly #ofTrades = new Map<string, SymbolMinutes>()
  readonly #ofKlines = new Map<string, SymbolMinutes>()

  constructor() {
    const ignore = () => undefined
    this.processor = new MarketProcessor(
      {},
      {
        candle: (candle) => {
          if (candle.interval === '1m') this.#of(this.#ofTrades, candle, QUIET_MAX_MINUTES).add(candle)
        },
        gap: (gap) => this.#of(this.#ofTrades, gap, QUIET_MAX_MINUTES).addGap(gap.previousEventTimeMs, gap.eventTimeMs),
        alert: ignore,
        deadLetter: ignore,
      },
    )
  }

  /** Binance has a kline for every minute, with trades or without: where there is none, the minute is missing. */
  addKline(kline: Kline): void {
    this.#of(this.#ofKlines, kline, 0).add(kline)
  }

  /** To be called once. The last minute of trades is left out: the recording mostly ends within it. */
  finish(): SymbolMinutes[] {
    this.processor.finish()
    for (const { builder } of this.#ofTrades.values()) builder.dropLast()
    return [...this.#ofTrades.values(), ...this.#ofKlines.values()]
  }

  #of(
    known: Map<string, SymbolMinutes>,
    { venue, symbol }: { readonly venue: string; readonly symbol: string },
    quietMaxMinutes: number,
  ): MinuteSeriesBuilder {
    const key = `${venue}/${symbol}`
    let minutes = known.get(key)
    if (minutes === undefined) {
      minutes = { venue, symbol, builder: new MinuteSeriesBuilder({ quietMaxMinutes }) }
      known.set(key, minutes)
    }
    return minutes.builder
  }
}

/** What recordings had to give. */
export interface RecordedInput {
  readonly counts: RowCounts
  /** Inputs that could not be read, or not to their end. */
  readonly failures: readonly FinPulseError[]
}

/** @throws FinPulseError input-unreadable where a path cannot be opened */
export async function readRecordings(minutes: MarketMinutes, paths: readonly string[]): Promise<RecordedInput> {
  const reader = await ReplayReader.open({
    paths,
    instruments: minutes.processor.instruments,
    onKline: (kline) => minutes.addKline(kline),
  })
  const failures: FinPulseError[] = []
  for await (const step of readableSteps(reader, (failure) => failures.push(failure))) {
    minutes.processor.onTrades(step.trades)
  }
  await reader.close()
  return { counts: reader.counts, failures }
}
