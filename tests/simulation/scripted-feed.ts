import type { Clock } from '../../src/base/clock.ts'
import { parseDecimalText, scaleDigits } from '../../src/base/decimal.ts'
import type { DeadLetter } from '../../src/events/dead-letter.ts'
import { InstrumentTable } from '../../src/events/instrument.ts'
import { QuoteBatch } from '../../src/events/quote-batch.ts'
import type { TradeBatch } from '../../src/events/trade-batch.ts'
import type { Feed, FeedProgress, FeedStep } from '../../src/feeds/feed.ts'
import { batchOf } from '../support/trades.ts'
import { SCRIPT_VENUE, type ScriptQuote, type ScriptStep } from './market-script.ts'

/** Plays a script by the clock: step `n` is due `n` intervals after the start. Its position is the number of the step. */
export class ScriptedFeed implements Feed {
  readonly name = 'script'
  readonly #steps: readonly ScriptStep[]
  readonly #clock: Clock
  readonly #startUs: number
  readonly #intervalMs: number
  readonly #instruments = new InstrumentTable()
  #next: number
  #given: FeedStep | undefined
  #refusedCount = 0

  constructor(
    steps: readonly ScriptStep[],
    clock: Clock,
    start: { readonly startUs: number; readonly intervalMs: number },
    position: Uint8Array | undefined,
  ) {
    this.#steps = steps
    this.#clock = clock
    this.#startUs = start.startUs
    this.#intervalMs = start.intervalMs
    this.#next = position === undefined ? 0 : Number(new TextDecoder().decode(position))
  }

  async next(signal: AbortSignal): Promise<FeedStep | undefined> {
    if (this.#given !== undefined) spoil(this.#given)
    const step = this.#steps[this.#next]
    if (step === undefined) return undefined
    const dueMs = (this.#startUs - this.#clock.nowUs()) / 1000 + this.#next * this.#intervalMs
    if (dueMs > 0) await this.#clock.sleep(dueMs, signal)
    this.#next += 1
    this.#refusedCount += step.refusedCount
    // Once for the decimals of the quotes, which the trades are then in as well.
    quoteBatchOf(this.#instruments, step.quotes)
    this.#given = {
      trades: batchOf(this.#instruments, step.trades),
      quotes: quoteBatchOf(this.#instruments, step.quotes),
      deadLetters: Array.from({ length: step.refusedCount }, deadLetter),
      gaps: step.gaps,
      position: new TextEncoder().encode(String(this.#next)),
    }
    return this.#given
  }

  progress(): FeedProgress | undefined {
    return undefined
  }

  dropped(): Readonly<Record<string, number>> {
    return { malformed: this.#refusedCount }
  }

  async close(): Promise<void> {}
}

/** Batches are valid until the next call only: whoever keeps one shall notice. */
function spoil({ trades, quotes }: FeedStep): void {
  for (const column of [...trades.columns, ...quotes.columns] as TradeBatch['columns']) column.fill(12_345)
}

function deadLetter(): DeadLetter {
  return { type: 'dead-letter', reason: 'malformed', detail: 'no', source: 'script', receivedTimeMs: 0, sample: '?' }
}

function quoteBatchOf(instruments: InstrumentTable, quotes: readonly ScriptQuote[]): QuoteBatch {
  const batch = new QuoteBatch(instruments, quotes.length)
  quotes.forEach((quote, row) => {
    const bid = { low: 0, high: 0, decimals: 0 }
    const ask = { low: 0, high: 0, decimals: 0 }
    parseDecimalText(quote.bidPrice, bid)
    parseDecimalText(quote.askPrice, ask)
    const index = instruments.register(SCRIPT_VENUE, quote.symbol, bid.decimals, 3)
    scaleDigits(bid, instruments.at(index).priceDecimals - bid.decimals)
    scaleDigits(ask, instruments.at(index).priceDecimals - ask.decimals)
    batch.count += 1
    batch.instrument[row] = index
    batch.bidPriceLow[row] = bid.low
    batch.askPriceLow[row] = ask.low
    batch.bidQuantityLow[row] = 1000
    batch.askQuantityLow[row] = 2000
    batch.eventTimeUs[row] = quote.timeMs * 1000
    batch.receivedTimeUs[row] = quote.timeMs * 1000
    batch.sequence[row] = quote.sequence
  })
  return batch
}
