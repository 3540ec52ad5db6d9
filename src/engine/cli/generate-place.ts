import { type Stats, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { FinPulseError } from '../../base/errors.ts'
import type { Place } from '../generate/sinks/open-sink.ts'
import type { PieceFormat } from '../generate/source-spec.ts'
import { oneOf } from './flag-values.ts'

export const GENERATE_FORMATS = ['ndjson', 'csv', 'columnar', 'parquet'] as const
export type GenerateFormat = (typeof GENERATE_FORMATS)[number]
export const GENERATE_SINKS = ['stdout', 'file', 'log', 'http', 'websocket'] as const
export type GenerateSink = (typeof GENERATE_SINKS)[number]

export interface PlaceFlags {
  readonly sink?: string
  readonly out?: string
  readonly dataDir?: string
  readonly format?: string
}

const SCHEMES: readonly string[] = ['http', 'https', 'ws', 'wss']

/** What each sink takes for a place. */
const PLACES: Readonly<Record<Exclude<GenerateSink, 'log'>, { pattern: RegExp; example: string }>> = {
  stdout: { pattern: /^-$/, example: '-' },
  file: { pattern: /^(?!-$|https?:\/\/|wss?:\/\/).+/i, example: 'a path' },
  http: { pattern: /^https?:\/\//i, example: 'http://host:port/path' },
  websocket: { pattern: /^wss?:\/\//i, example: 'ws://host:port/path' },
}

/** The sink, or the one that follows from `--out`. @throws FinPulseError config-invalid where they do not go together */
export function placeOf({ sink, out, dataDir }: PlaceFlags): Place {
  const wanted = sink === undefined ? undefined : oneOf<GenerateSink>(sink, '--sink', GENERATE_SINKS)
  if (wanted === 'log') {
    if (out !== undefined) throw new FinPulseError('config-invalid', '--out: not with --sink log, which has --data-dir')
    if (dataDir !== undefined) return { sink: 'log', dataDir }
    throw new FinPulseError('config-invalid', '--sink log: expected --data-dir DIR, where the log is kept')
  }
  if (dataDir !== undefined) throw new FinPulseError('config-invalid', '--data-dir: only with --sink log')
  const scheme = /^[a-z][a-z0-9+.-]+(?=:\/\/)/i.exec(out ?? '')?.[0].toLowerCase()
  if (scheme !== undefined && !SCHEMES.includes(scheme)) {
    throw new FinPulseError('config-invalid', `--out: expected a file or ${SCHEMES.join('://, ')}://…, got "${out}"`)
  }
  const place = out ?? (wanted === undefined || wanted === 'stdout' ? '-' : undefined)
  if (place === undefined) {
    throw new FinPulseError('config-invalid', `--sink ${wanted}: expected --out, ${PLACES[wanted!].example}`)
  }
  const follows = (Object.keys(PLACES) as (keyof typeof PLACES)[]).find((name) => PLACES[name].pattern.test(place))
  const chosen = wanted ?? follows
  if (chosen === undefined || !PLACES[chosen].pattern.test(place)) {
    const example = PLACES[chosen ?? 'file'].example
    throw new FinPulseError('config-invalid', `--out: expected ${example}, got "${place}"`)
  }
  return chosen === 'stdout' ? { sink: 'stdout' } : { sink: chosen, out: place }
}

/** @throws FinPulseError config-invalid where labels would go to no file of their own */
export function checkLabelPath(path: string, place: Place): void {
  if (path === '-') {
    throw new FinPulseError('config-invalid', '--labels: expected a file, got "-"; standard output is for the events')
  }
  if (place.sink === 'file' && isSameFile(path, place.out)) {
    throw new FinPulseError('config-invalid', `--labels, --out: expected two files, got ${path} for both`)
  }
}

/** Also by another name; where nothing is kept, as in /dev/null, several may write. */
function isSameFile(path: string, other: string): boolean {
  const [first, second] = [statsOf(path), statsOf(other)]
  if (first === undefined || second === undefined) return resolve(path) === resolve(other)
  return first.isFile() && first.ino === second.ino && first.dev === second.dev
}

/** Undefined also where it may not be looked at: who opens it says that better. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

/** The format, or the one that follows from the sink and the name of the file. */
export function formatOf(place: Place, format: string | undefined): GenerateFormat {
  if (place.sink === 'log') {
    if (format === undefined || format === 'columnar') return 'columnar'
    throw new FinPulseError('config-invalid', `--format ${format}: the log keeps columnar batches; leave it out`)
  }
  const chosen = format === undefined ? 'ndjson' : oneOf<GenerateFormat>(format, '--format', GENERATE_FORMATS)
  if (chosen === 'parquet' && place.sink !== 'file') {
    throw new FinPulseError('config-invalid', `--format parquet: only into a file, got --sink ${place.sink}`)
  }
  if (chosen === 'parquet' && place.sink === 'file' && place.out.endsWith('.gz')) {
    throw new FinPulseError(
      'config-invalid',
      `--format parquet: is compressed inside; expected no .gz, got ${place.out}`,
    )
  }
  return chosen
}

/** What the pieces are made as. */
export function pieceFormatOf(format: GenerateFormat): PieceFormat {
  return format === 'parquet' ? 'columnar' : format
}
