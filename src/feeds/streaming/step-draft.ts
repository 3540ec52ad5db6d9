import { DEAD_LETTER_SAMPLE_MAX_LENGTH, type DeadLetter } from '../../events/dead-letter.ts'
import type { Gap } from '../../events/gap.ts'
import type { InstrumentTable } from '../../events/instrument.ts'
import type { FeedStep } from '../feed.ts'
import { NumberText } from '../rows/exact-json.ts'
import type { QuoteRow, Refusal, TradeRow } from '../rows/market-row.ts'
import type { RowInstrument, RowInstruments } from '../rows/row-instruments.ts'
import { StepBuilder } from '../rows/step-builder.ts'
import type { FoundGap } from './gap-ledger.ts'

/** What a row was read from: a frame, or a part of a JSON text. */
export type RowInput = Uint8Array | object

/** One step in the making, with what is refused; and the account of all that was left out so far. */
export class StepDraft {
  readonly dropped: Record<string, number> = {}
  readonly #venue: string
  readonly #instruments: RowInstruments
  readonly #step: StepBuilder
  #deadLetters: DeadLetter[] = []

  constructor(venue: string, instruments: RowInstruments, table: InstrumentTable, rowMaxCount: number) {
    this.#venue = venue
    this.#instruments = instruments
    this.#step = new StepBuilder(table, rowMaxCount)
  }

  /** Clears what the step before held. */
  begin(): void {
    const { trades, quotes } = this.#step
    trades.count = 0
    trades.watermarkUs = -1
    quotes.count = 0
    this.#deadLetters = []
    this.#step.syncDecimals(this.#instruments.all())
  }

  /** @param watermarkUs promise of a step without rows, or -1 */
  finish(watermarkUs: number, position: Uint8Array, found: readonly FoundGap[]): FeedStep {
    const { trades, quotes } = this.#step
    if (trades.count === 0 && quotes.count === 0) trades.watermarkUs = watermarkUs
    const gaps = found.map((gap) => gapOf(this.#venue, gap))
    return { trades, quotes, deadLetters: this.#deadLetters, gaps, position }
  }

  get hasRoom(): boolean {
    return !this.#step.isFull && this.#deadLetters.length < this.#step.trades.capacity
  }

  /** The instrument of a symbol that the venue has; undefined for a text that is no symbol. */
  instrumentOf(symbol: string): RowInstrument | undefined {
    return this.#instruments.find(this.#venue, symbol)
  }

  addTrade(instrument: RowInstrument, row: TradeRow, input: RowInput): void {
    const refusal = this.#step.addTrade(instrument, row)
    if (refusal !== undefined) this.refuse(refusal, input, row.receivedTimeUs)
  }

  addQuote(instrument: RowInstrument, row: QuoteRow, input: RowInput): void {
    const refusal = this.#step.addQuote(instrument, row)
    if (refusal !== undefined) this.refuse(refusal, input, row.receivedTimeUs)
  }

  refuse({ reason, detail }: Refusal, input: RowInput, receivedTimeUs: number): void {
    this.count(reason)
    this.#deadLetters.push({
      type: 'dead-letter',
      reason,
      detail,
      source: this.#venue,
      receivedTimeMs: receivedTimeUs / 1000,
      sample: sampleOf(input).slice(0, DEAD_LETTER_SAMPLE_MAX_LENGTH),
    })
  }

  /** Something was left out. */
  count(reason: string): void {
    this.dropped[reason] = (this.dropped[reason] ?? 0) + 1
  }
}

function gapOf(venue: string, { symbol, fromId, toId, previousTimeUs, eventTimeUs }: FoundGap): Gap {
  return {
    type: 'gap',
    venue,
    symbol,
    fromId,
    toId,
    missingCount: toId - fromId + 1,
    previousEventTimeMs: previousTimeUs / 1000,
    eventTimeMs: eventTimeUs / 1000,
    foundBy: 'feed',
  }
}

const textDecoder = new TextDecoder()
const SAMPLE_MAX_BYTES = 4 * DEAD_LETTER_SAMPLE_MAX_LENGTH

/** As the venue wrote it, but for the spaces of a part: numbers keep their digits. */
function sampleOf(input: RowInput): string {
  if (input instanceof Uint8Array) return textDecoder.decode(input.subarray(0, SAMPLE_MAX_BYTES))
  return JSON.stringify(input, (_, part: unknown) => (part instanceof NumberText ? part.text : part))
}
