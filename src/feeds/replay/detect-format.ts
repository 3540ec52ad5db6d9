import { FinPulseError } from '../../base/errors.ts'
import { guessBinanceVenue } from '../binance/guess-venue.ts'
import { isTradeHeader } from '../rows/table-columns.ts'
import { isKlineLine } from './kline-lines.ts'
import { isLeanName } from './lean-lines.ts'

export const REPLAY_FORMATS = ['binance', 'ndjson', 'csv', 'lean', 'columnar', 'parquet'] as const
export type ReplayFormat = (typeof REPLAY_FORMATS)[number]
/** Formats that are told by lines. Klines are candles, which a replay gives to none but those who ask for them. */
export type LineFormat = Exclude<ReplayFormat, 'columnar' | 'parquet'> | 'klines'

/** As much of an input's beginning is looked at before its first row is given. */
export const HEAD_MAX_BYTES = 1024 * 1024
export const HEAD_MAX_LINES = 500
const DECIDING_MAX_LINES = 50

const FINPULSE_TYPES: ReadonlySet<unknown> = new Set([
  ...['trade', 'quote', 'payment', 'payment-label', 'market-label', 'candle', 'alert', 'gap', 'dead-letter'],
])
const BINANCE_LINE = /^(?:\d[\d.]*:?\s+[{[]|\w+:\/\/\S+ (?:<->|<-|->) |configuration: \{)/
const textDecoder = new TextDecoder()

export function isParquet(head: Uint8Array): boolean {
  return startsWith(head, [0x50, 0x41, 0x52, 0x31])
}

export function isGzip(head: Uint8Array): boolean {
  return startsWith(head, [0x1f, 0x8b])
}

export function isZip(head: Uint8Array): boolean {
  return startsWith(head, [0x50, 0x4b, 0x03, 0x04]) || startsWith(head, [0x50, 0x4b, 0x05, 0x06])
}

function startsWith(head: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => head[index] === byte)
}

/** The lines at the beginning, blank ones left out; the last one may be cut. */
export function headLines(head: Uint8Array): string[] {
  const lines: string[] = []
  let start = startsWith(head, [0xef, 0xbb, 0xbf]) ? 3 : 0
  while (start < head.length && lines.length < HEAD_MAX_LINES) {
    const newline = head.indexOf(0x0a, start)
    const end = newline < 0 ? head.length : newline
    const line = textDecoder.decode(head.subarray(start, end)).trim()
    if (line !== '') lines.push(line)
    start = end + 1
  }
  return lines
}

/**
 * Tells the format of text by its first lines; torn lines among them are looked past.
 * @returns undefined for an input without any line
 * @throws FinPulseError format-unknown
 */
export function detectFormat(name: string, lines: readonly string[]): LineFormat | undefined {
  const first = lines[0]
  if (first === undefined) return undefined
  if (isTradeHeader(first)) return 'csv'
  if (isKlineLine(first)) return 'klines'
  if (isLeanName(name)) return 'lean'
  for (const line of lines.slice(0, DECIDING_MAX_LINES)) {
    if (BINANCE_LINE.test(line)) return 'binance'
    const json = parseLine(line)
    if (json !== undefined) return FINPULSE_TYPES.has(json.type) ? 'ndjson' : 'binance'
  }
  const shown = JSON.stringify(first.slice(0, 80))
  throw new FinPulseError(
    'format-unknown',
    `${name}: the format cannot be told from its first lines, which begin with ${shown}; expected a Binance capture, ` +
      'FinPulse NDJSON, CSV with the columns time, symbol, price, quantity, LEAN trades, or Parquet; --format names one',
    { context: { input: name } },
  )
}

/** The venue of a Binance capture by the marks of its first messages; `binance-spot` where none has any. */
export function detectBinanceVenue(lines: readonly string[]): string {
  for (const line of lines) {
    const json = parseLine(line.slice(Math.max(0, line.indexOf('{'))))
    const venue = guessBinanceVenue(json)
    if (venue !== undefined) return venue
  }
  return 'binance-spot'
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(line)
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>
  } catch {
    // Torn and foreign lines say nothing about the format; they are counted when they are read.
  }
  return undefined
}
