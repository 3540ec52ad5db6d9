import { PAYMENT_CSV_HEADER } from '../../events/payment-lines.ts'
import { splitRecord } from '../rows/csv-lines.ts'
import { eventTimeUsFromText } from '../rows/epoch-time.ts'
import type { Refusal } from '../rows/market-row.ts'
import type { Json } from '../rows/ndjson-lines.ts'
import type { LineReader } from '../rows/row-sink.ts'
import type { PushSink } from './push-sink.ts'

const COLUMNS = PAYMENT_CSV_HEADER.trim().split(',')
const NUMBERS: ReadonlySet<string> = new Set([
  'id',
  'customer',
  'card',
  'merchant',
  'terminal',
  'counterparty',
  'x',
  'y',
])
const NUMBER = /^\d{1,16}$/
const decoder = new TextDecoder()

/** Whether a header has the columns of payments, in any order, as `finpulse generate --kind payments` writes them. */
export function isPaymentHeader(header: string): boolean {
  const names = columnsOf(header)
  return COLUMNS.every((column) => names.includes(column))
}

/** Reads payments as CSV. A record is one line. */
export class PaymentCsvLines implements LineReader {
  readonly receivedTimeUs = Number.NaN
  readonly #columns: readonly string[]
  readonly #sink: PushSink

  constructor(header: string, sink: PushSink) {
    this.#columns = columnsOf(header)
    this.#sink = sink
  }

  readLine(bytes: Uint8Array, start: number, end: number): Refusal | undefined {
    const record = splitRecord(decoder.decode(bytes.subarray(start, end)))
    if (record === undefined) return { reason: 'malformed', detail: 'a quoted field is not closed' }
    if (record.length !== this.#columns.length) {
      return { reason: 'malformed', detail: `expected ${this.#columns.length} fields, got ${record.length}` }
    }
    const json: Record<string, unknown> = {}
    this.#columns.forEach((column, index) => {
      const text = record[index]!.trim()
      if (text !== '') json[column] = NUMBERS.has(column) && NUMBER.test(text) ? Number(text) : text
    })
    return this.#sink.addOther('payment', paymentOf(json))
  }
}

function columnsOf(header: string): string[] {
  return (splitRecord(header) ?? []).map((name) => name.trim().toLowerCase())
}

/** One column holds both kind and channel; the time may be written in all ways of CSV. */
function paymentOf({ kind, time, ...rest }: Record<string, unknown>): Json {
  const eventTimeUs = eventTimeUsFromText(typeof time === 'string' ? time : '')
  const eventTimeMs = Number.isNaN(eventTimeUs) ? time : eventTimeUs / 1000
  const isCard = kind === 'terminal' || kind === 'online'
  return { ...rest, eventTimeMs, ...(isCard ? { kind: 'card', channel: kind } : { kind }) }
}
