import { FinPulseError } from '../../base/errors.ts'
import { CsvLines } from '../rows/csv-lines.ts'
import { NdjsonLines } from '../rows/ndjson-lines.ts'
import type { LineReader } from '../rows/row-sink.ts'
import { BinanceLines } from './binance-lines.ts'
import { type ByteSource, fromStream, InflateSource, openFile, withHead } from './byte-source.ts'
import { ColumnarInput, isColumnar } from './columnar-source.ts'
import {
  detectBinanceVenue,
  detectFormat,
  HEAD_MAX_BYTES,
  HEAD_MAX_LINES,
  headLines,
  isGzip,
  isParquet,
  isZip,
  type LineFormat,
  type ReplayFormat,
} from './detect-format.ts'
import { KLINE_VENUE, type Kline, KlineLines } from './kline-lines.ts'
import { LeanLines } from './lean-lines.ts'
import { LineInput, type ReplayInput } from './line-input.ts'
import { type EntrySequence, openZip } from './zip-source.ts'

/** The path that stands for standard input. */
export const STANDARD_INPUT = '-'
/** Venue of rows whose input names none, and whose caller neither. */
const UNNAMED_VENUE = 'file'
const MAGIC_BYTES = 4

export interface InputOptions {
  readonly format: ReplayFormat | undefined
  readonly venue: string | undefined
  /** Records to step over. */
  readonly startRecord: number
  /** Takes the candles of a kline dump; without it such an input is refused. */
  readonly onKline: ((kline: Kline) => void) | undefined
}

export interface OpenedInput {
  readonly input: ReplayInput
  /** The venue that was told for a Binance capture, or given. */
  readonly venue: string
}

/** Opens a path as a sequence of inputs. @throws FinPulseError input-unreadable */
export async function openEntries(path: string): Promise<EntrySequence> {
  if (path === STANDARD_INPUT) return single(fromStream('standard input', process.stdin))
  const file = await openFile(path)
  const head: Uint8Array[] = []
  const isArchive = isZip(await readAhead(file, head, (bytes) => bytes.length >= MAGIC_BYTES))
  if (!isArchive) return single(withHead(head, file))
  await file.close()
  return openZip(path)
}

function single(source: ByteSource): EntrySequence {
  let next: ByteSource | undefined = source
  return {
    async next() {
      const given = next
      next = undefined
      return given
    },
    async skip(count) {
      for (let index = 0; index < count; index++) await (await this.next())?.close()
    },
    async close() {
      // Whoever took the source closes it.
      await next?.close()
    },
  }
}

/**
 * Tells format and venue of one source and makes its reader. Closes the source where it throws.
 * @returns undefined for a source without any line
 * @throws FinPulseError input-unreadable, format-unknown
 */
export async function openInput(
  plainPath: string | undefined,
  given: ByteSource,
  options: InputOptions,
): Promise<OpenedInput | undefined> {
  let source = given
  try {
    const magic: Uint8Array[] = []
    const start = await readAhead(source, magic, (bytes) => bytes.length >= MAGIC_BYTES)
    source = withHead(magic, source)
    if (isZip(start)) {
      throw new FinPulseError(
        'format-unknown',
        `${source.name}: a zip here cannot be read; unpack it, or name its file`,
      )
    }
    if (isGzip(start)) return await openContent(undefined, new InflateSource(source, 'gzip'), options)
    return await openContent(plainPath, source, options)
  } catch (error) {
    await source.close()
    throw error
  }
}

async function openContent(
  plainPath: string | undefined,
  source: ByteSource,
  options: InputOptions,
): Promise<OpenedInput | undefined> {
  const pieces: Uint8Array[] = []
  const isTold = options.format !== undefined && options.format !== 'csv' && options.venue !== undefined
  const head = await readAhead(source, pieces, isTold ? hasMagic : hasHead)
  const whole = withHead(pieces, source)
  const venue = options.venue ?? UNNAMED_VENUE
  if (options.format === 'parquet' || (options.format === undefined && isParquet(head))) {
    // Loaded here, so that only those who read Parquet pay for the native library.
    const { openParquet, spoolParquet } = await import('./parquet-source.ts')
    if (plainPath === undefined) return { input: await spoolParquet(whole, venue, options.startRecord), venue }
    const input = await openParquet(plainPath, source.name, venue, options.startRecord)
    await source.close()
    return { input, venue }
  }
  if (options.format === 'columnar' || (options.format === undefined && isColumnar(head))) {
    return { input: new ColumnarInput(whole), venue }
  }
  const lines = headLines(head.subarray(0, HEAD_MAX_BYTES))
  const format: LineFormat | undefined = options.format ?? detectFormat(source.name, lines)
  if (format === undefined) {
    await source.close()
    return undefined
  }
  const lineVenue = options.venue ?? defaultVenue(format, lines)
  const input = new LineInput(whole, lineReader(format, source.name, lines, lineVenue, options))
  return { input, venue: lineVenue }
}

function defaultVenue(format: LineFormat, lines: readonly string[]): string {
  if (format === 'binance') return detectBinanceVenue(lines)
  return format === 'klines' ? KLINE_VENUE : UNNAMED_VENUE
}

function lineReader(
  format: LineFormat,
  name: string,
  lines: readonly string[],
  venue: string,
  { onKline }: InputOptions,
): LineReader {
  if (format === 'binance') return new BinanceLines(venue)
  if (format === 'ndjson') return new NdjsonLines(venue)
  if (format === 'lean') return new LeanLines(name, venue)
  if (format === 'csv') return new CsvLines(name, lines[0] ?? '', venue)
  if (onKline !== undefined) return new KlineLines(name, lines, venue, onKline)
  throw new FinPulseError(
    'format-unknown',
    `${name}: holds klines, which are candles; trades are expected here. "finpulse realism" reads it`,
  )
}

function hasMagic(head: Uint8Array): boolean {
  return head.length >= MAGIC_BYTES
}

function hasHead(head: Uint8Array): boolean {
  if (head.length >= HEAD_MAX_BYTES) return true
  let lineCount = 0
  for (let at = head.indexOf(0x0a); at >= 0; at = head.indexOf(0x0a, at + 1)) lineCount += 1
  return lineCount >= HEAD_MAX_LINES
}

/** Reads pieces until there are enough, the source ends, or it fails, which its reader will meet again. */
async function readAhead(
  source: ByteSource,
  pieces: Uint8Array[],
  isEnough: (head: Uint8Array) => boolean,
): Promise<Uint8Array> {
  let head = new Uint8Array(0)
  while (!isEnough(head)) {
    // The source fails again when it is read on: what came before the damage is read first.
    const piece = await source.read().catch(() => undefined)
    if (piece === undefined) break
    pieces.push(piece)
    head = Buffer.concat([head, piece])
  }
  return head
}
