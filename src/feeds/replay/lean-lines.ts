import { NO_ID, OFF_MARKET } from '../../events/trade-batch.ts'
import { newYorkTimeUs } from '../calendar/new-york-time.ts'
import { createTradeRow, type Refusal, readPositiveText } from '../rows/market-row.ts'
import type { LineReader, RowSink } from '../rows/row-sink.ts'

/** `20131008_spy_Trade_Tick.csv`: what the lines themselves do not say. */
const NAME_PATTERN = /(\d{4})(\d{2})(\d{2})_([\w.-]+?)_trade_tick\.csv/i
const FIELD_COUNT = 6
const DAY_MS = 86_400_000
/** `1674200` is 167.42 dollars. */
const PRICE_EXPONENT = 'e-4'
const textDecoder = new TextDecoder()

/** True where the name is one that LEAN gives to a day's trades. */
export function isLeanName(name: string): boolean {
  return NAME_PATTERN.test(name)
}

/**
 * Reads the trades of a day of US shares as QuantConnect's LEAN keeps them (its `Data/equity/readme.md`): ms since
 * midnight in New York, price in 1/10,000 of a dollar, size, exchange, sale condition, suspicious (0 or 1). Trades that
 * are marked suspicious are off the market.
 */
export class LeanLines implements LineReader {
  readonly receivedTimeUs = Number.NaN
  readonly #venue: string
  readonly #symbol: string
  readonly #midnightUs: number
  readonly #row = createTradeRow()

  /** @param name of the input, which has day and symbol; of any other name all lines are refused */
  constructor(name: string, venue: string) {
    const [, year, month, day, symbol = ''] = NAME_PATTERN.exec(name) ?? []
    this.#venue = venue
    this.#symbol = symbol.toUpperCase()
    this.#midnightUs = newYorkTimeUs(`${year}-${month}-${day} 00:00:00`)
  }

  readLine(bytes: Uint8Array, start: number, end: number, sink: RowSink): Refusal | undefined {
    const fields = textDecoder.decode(bytes.subarray(start, end)).trim().split(',')
    if (fields.length !== FIELD_COUNT) {
      return { reason: 'malformed', detail: `expected ${FIELD_COUNT} fields, got ${fields.length}` }
    }
    const instrument = sink.instruments.find(this.#venue, this.#symbol)
    if (instrument === undefined) return { reason: 'invalid-symbol', detail: `symbol: got "${this.#symbol}"` }
    if (!instrument.isWanted) return sink.passOver('symbol not asked for')
    const [time, price, size, , , suspicious] = fields
    const row = this.#row
    const timeMs = /^\d{1,8}(?:\.\d+)?$/.test(time!) ? Number(time) : Number.NaN
    row.eventTimeUs = this.#midnightUs + Math.floor(timeMs * 1000)
    if (!(timeMs < DAY_MS && row.eventTimeUs >= 0)) {
      return { reason: 'invalid-time', detail: `time: expected ms of the day, got "${time!.slice(0, 64)}"` }
    }
    row.receivedTimeUs = Number.NaN
    row.id = NO_ID
    row.flags = suspicious === '1' ? OFF_MARKET : 0
    return (
      readPositiveText('price', `${price}${PRICE_EXPONENT}`, row.price) ??
      readPositiveText('quantity', size!, row.quantity) ??
      sink.addTrade(instrument, row)
    )
  }
}
