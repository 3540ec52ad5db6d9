import { FinPulseError } from '../../base/errors.ts'
import type { Candle } from '../../events/candle.ts'
import { eventTimeUsFromText } from '../rows/epoch-time.ts'
import type { Refusal } from '../rows/market-row.ts'
import type { LineReader, RowSink } from '../rows/row-sink.ts'

/** One minute of Binance's own candles: what its dumps have that can be compared with other candles. */
export type Kline = Pick<Candle, 'venue' | 'symbol' | 'openTimeMs' | 'close' | 'volume'>

/** Venue of a dump, which does not say whether it is of the spot market or of futures. */
export const KLINE_VENUE = 'binance'
const MINUTE_US = 60_000_000
const HEADER_START = 'open_time,open,high,low,close,volume,close_time,'
const FIELD_COUNT = 12
const CLOSE = 4
const VOLUME = 5
const CLOSE_TIME = 6
const DECIMAL = /^\d+(?:\.\d+)?$/
/** `BTCUSDT-1m-2024-08.csv`, also with more words in between. */
const NAMED_SYMBOL = /^([A-Z0-9_]+)-(?:\w+-)*?1m(?=[-.]|$)/
const textDecoder = new TextDecoder()

/** True for the header of a kline dump, and for a line of one without header. */
export function isKlineLine(line: string): boolean {
  if (line.startsWith(HEADER_START)) return true
  const fields = line.split(',')
  return fields.length === FIELD_COUNT && fields.every((field) => DECIMAL.test(field)) && spanUs(fields) > 0
}

/**
 * Reads Binance's public kline dumps (github.com/binance/binance-public-data): twelve columns, with header or without,
 * times in ms or, in spot dumps from 2025 on, in µs. The symbol is told from the file's name. Candles are no events of a
 * stream: they go to the caller, not into the step.
 */
export class KlineLines implements LineReader {
  readonly receivedTimeUs = Number.NaN
  readonly #symbol: string
  readonly #venue: string
  readonly #take: (kline: Kline) => void

  /**
   * @param name of the input, which begins with the symbol
   * @param lines its first ones, header included
   * @throws FinPulseError format-unknown where they are not of one minute
   */
  constructor(name: string, lines: readonly string[], venue: string, take: (kline: Kline) => void) {
    const first = lines.find((line) => !line.startsWith(HEADER_START))?.split(',') ?? []
    if (first.length === FIELD_COUNT && spanUs(first) !== MINUTE_US) {
      const seconds = spanUs(first) / 1e6
      throw new FinPulseError('format-unknown', `${name}: expected klines of one minute, got some of ${seconds} s`)
    }
    this.#symbol = symbolOf(name)
    this.#venue = venue
    this.#take = take
  }

  readLine(bytes: Uint8Array, start: number, end: number, sink: RowSink): Refusal | undefined {
    const line = textDecoder.decode(bytes.subarray(start, end)).trim()
    if (line.startsWith(HEADER_START)) return sink.passOver('CSV header')
    const fields = line.split(',')
    if (fields.length !== FIELD_COUNT) {
      return { reason: 'malformed', detail: `expected ${FIELD_COUNT} fields, got ${fields.length}` }
    }
    const openTimeUs = eventTimeUsFromText(fields[0]!)
    if (!(openTimeUs % MINUTE_US === 0 && spanUs(fields) === MINUTE_US)) {
      return { reason: 'invalid-time', detail: `open and close time: expected a whole minute, got "${fields[0]}"` }
    }
    const [close, volume] = [fields[CLOSE]!, fields[VOLUME]!]
    if (!(DECIMAL.test(close) && Number(close) > 0)) {
      return { reason: 'invalid-price', detail: `close: expected a decimal above 0, got "${close.slice(0, 64)}"` }
    }
    if (!DECIMAL.test(volume)) {
      return { reason: 'invalid-quantity', detail: `volume: expected a decimal from 0, got "${volume.slice(0, 64)}"` }
    }
    this.#take({ venue: this.#venue, symbol: this.#symbol, openTimeMs: openTimeUs / 1000, close, volume })
    return sink.passOver('kline')
  }
}

/** From open to close, µs. The close time is the last ms, or µs, of the kline. */
function spanUs(fields: readonly string[]): number {
  const [open, close] = [fields[0]!, fields[CLOSE_TIME]!]
  const unitUs = open.length >= 16 ? 1 : 1000
  return eventTimeUsFromText(close) + unitUs - eventTimeUsFromText(open)
}

function symbolOf(name: string): string {
  const file = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)
  return NAMED_SYMBOL.exec(file)?.[1] ?? (file.replace(/\.csv.*$/, '') || 'unnamed')
}
