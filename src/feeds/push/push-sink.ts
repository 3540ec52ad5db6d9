import type { InstrumentTable } from '../../events/instrument.ts'
import type { Label } from '../../events/label.ts'
import { PaymentBatch } from '../../events/payment-batch.ts'
import { NO_ID } from '../../events/trade-batch.ts'
import type { QuoteRow, Refusal, TradeRow } from '../rows/market-row.ts'
import type { Json } from '../rows/ndjson-lines.ts'
import type { RowInstrument, RowInstruments } from '../rows/row-instruments.ts'
import { RowLedger } from '../rows/row-ledger.ts'
import { RowSink } from '../rows/row-sink.ts'
import { StepBuilder } from '../rows/step-builder.ts'
import type { EventLedger } from './event-ledger.ts'
import type { IdRanges } from './id-ranges.ts'
import { readLabel } from './label-line.ts'
import { readPayment, refuse, timeUsOf } from './payment-line.ts'

/** No promise of a watermark, as in the batches. */
const NONE = -1

/** What the sink has to know of the batch that it is given. */
export interface SinkContext {
  readonly source: string
  /** Stands in where an event has no time of arrival. */
  readonly receivedTimeUs: number
  /** Later event times are refused: one event of a far future would make all others late. */
  readonly latestTimeUs: number
  /** Whether a pushed watermark counts: it is a promise about everything in the log, other feeds' events included. */
  readonly takesWatermarks: boolean
  /** Venues of another feed. */
  readonly takenVenues: readonly string[]
}

/** Takes the rows of pushed lines: into the present step where they are new, counted. */
export class PushSink extends RowSink {
  readonly payments: PaymentBatch
  labels: Label[] = []
  /** A watermark was pushed: the step ends there. */
  watermarkUs = NONE
  /** Newest event time of a trade or quote taken so far, µs, or -1. */
  newestTimeUs = -1
  acceptedCount = 0
  duplicateCount = 0
  readonly #events: EventLedger
  #context: SinkContext = { source: '', receivedTimeUs: 0, latestTimeUs: 0, takesWatermarks: false, takenVenues: [] }

  constructor(table: InstrumentTable, instruments: RowInstruments, events: EventLedger, stepMaxCount: number) {
    super(instruments, new RowLedger(undefined), new StepBuilder(table, stepMaxCount))
    this.payments = new PaymentBatch(stepMaxCount)
    this.#events = events
  }

  /** Rows that follow are of another batch. */
  begin(context: SinkContext): void {
    this.#context = context
    this.acceptedCount = 0
    this.duplicateCount = 0
  }

  get isFull(): boolean {
    return (
      this.step.isFull ||
      this.payments.isFull ||
      this.labels.length === this.payments.capacity ||
      this.watermarkUs !== NONE
    )
  }

  get isEmpty(): boolean {
    const { trades, quotes } = this.step
    const rowCount = trades.count + quotes.count + this.payments.count + this.labels.length
    return rowCount === 0 && this.watermarkUs === NONE
  }

  clear(): void {
    this.step.trades.count = 0
    this.step.quotes.count = 0
    this.payments.count = 0
    this.labels = []
    this.watermarkUs = NONE
  }

  override addTrade(instrument: RowInstrument, row: TradeRow): Refusal | undefined {
    const taken = this.#refuseTaken(instrument)
    if (taken !== undefined) return taken
    const ids = row.id === NO_ID ? undefined : this.#events.tradesOf(instrument)
    const toId = row.id + row.tradeCount - 1
    if (ids?.overlaps(row.id, toId) === true) return this.#passDuplicate()
    if (Number.isNaN(row.receivedTimeUs)) row.receivedTimeUs = this.#context.receivedTimeUs
    const refusal = this.#refuseAhead(row.eventTimeUs) ?? super.addTrade(instrument, row)
    return refusal ?? this.#noteMarket(ids, row.id, toId, row.eventTimeUs)
  }

  override addQuote(instrument: RowInstrument, row: QuoteRow): Refusal | undefined {
    const taken = this.#refuseTaken(instrument)
    if (taken !== undefined) return taken
    const { sequence, eventTimeUs } = row
    const ids = sequence < 0 ? undefined : this.#events.quotesOf(instrument)
    if (ids?.overlaps(sequence, sequence) === true) return this.#passDuplicate()
    if (Number.isNaN(row.receivedTimeUs)) row.receivedTimeUs = this.#context.receivedTimeUs
    const refusal = this.#refuseAhead(eventTimeUs) ?? super.addQuote(instrument, row)
    return refusal ?? this.#noteMarket(ids, sequence, sequence, eventTimeUs)
  }

  /** A line that is neither trade nor quote. */
  addOther(type: string, json: Json): Refusal | undefined {
    if (type === 'payment') return this.#addPayment(json)
    if (type === 'payment-label' || type === 'market-label') return this.#addLabel(json)
    if (type === 'watermark') return this.#addWatermark(json)
    return refuse('unknown-shape', 'type', type, 'trade, quote, payment, payment-label, market-label or watermark')
  }

  #addPayment(json: Json): Refusal | undefined {
    const { payments } = this
    const at = payments.count
    const refusal = readPayment(json, payments, this.#context.receivedTimeUs)
    if (refusal !== undefined) return refusal
    const id = payments.id[at]!
    const eventTimeUs = payments.eventTimeUs[at]!
    const ids = this.#events.paymentsOf(this.#context.source)
    const isKnown = ids?.overlaps(id, id) === true
    const ahead = this.#refuseAhead(eventTimeUs)
    if (isKnown || ahead !== undefined) payments.count = at
    return isKnown ? this.#passDuplicate() : (ahead ?? this.#note(ids, id, id))
  }

  #addLabel(json: Json): Refusal | undefined {
    const label = readLabel(json)
    if ('reason' in label) return label
    const eventTimeUs = Math.round(label.eventTimeMs * 1000)
    const ahead = this.#refuseAhead(eventTimeUs)
    if (ahead !== undefined) return ahead
    if (label.type === 'market-label') {
      if (!this.#events.noteMarketLabel(label.id)) return this.#passDuplicate()
    } else {
      const ids = this.#events.paymentLabelsOf(this.#context.source)
      if (ids?.overlaps(label.paymentId, label.paymentId) === true) return this.#passDuplicate()
      ids?.add(label.paymentId, label.paymentId)
    }
    this.labels.push(label)
    this.acceptedCount += 1
    return undefined
  }

  #addWatermark({ eventTimeMs }: Json): Refusal | undefined {
    if (!this.#context.takesWatermarks) {
      return { reason: 'unknown-shape', detail: 'watermark: beside another feed none is taken; use --feed push' }
    }
    const watermarkUs = timeUsOf(eventTimeMs)
    if (Number.isNaN(watermarkUs)) return refuse('invalid-time', 'eventTimeMs', eventTimeMs, 'ms since 1970')
    const ahead = this.#refuseAhead(watermarkUs)
    if (ahead === undefined) this.watermarkUs = watermarkUs
    return ahead
  }

  /** The reader passes over events of symbols that nobody asked for: here that is said. */
  override passOver(kind: string): Refusal | undefined {
    // A header line within CSV is no event.
    if (kind === 'CSV header') return undefined
    return { reason: 'unknown-shape', detail: kind }
  }

  /** Ids, order and decimals of a symbol have one source. */
  #refuseTaken({ venue }: RowInstrument): Refusal | undefined {
    if (!this.#context.takenVenues.includes(venue)) return undefined
    const fix = 'name another, or start with --feed push'
    return { reason: 'invalid-symbol', detail: `venue: "${venue}" is that of the feed that runs; ${fix}` }
  }

  #refuseAhead(eventTimeUs: number): Refusal | undefined {
    const { latestTimeUs } = this.#context
    if (eventTimeUs <= latestTimeUs) return undefined
    const shown = new Date(Math.floor(eventTimeUs / 1000)).toISOString()
    return { reason: 'invalid-time', detail: `event time ${shown}: further ahead of the clock than is taken` }
  }

  #passDuplicate(): undefined {
    this.duplicateCount += 1
  }

  #noteMarket(ids: IdRanges | undefined, fromId: number, toId: number, eventTimeUs: number): undefined {
    if (eventTimeUs > this.newestTimeUs) this.newestTimeUs = eventTimeUs
    this.#note(ids, fromId, toId)
  }

  #note(ids: IdRanges | undefined, fromId: number, toId: number): undefined {
    ids?.add(fromId, toId)
    this.acceptedCount += 1
  }
}
