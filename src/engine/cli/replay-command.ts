import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { FinPulseError } from '../../base/errors.ts'
import { INTERVALS, type Interval, isInterval } from '../../events/interval.ts'
import { NAME_PATTERN } from '../../events/limits.ts'
import { REPLAY_FORMATS, type ReplayFormat } from '../../feeds/replay/detect-format.ts'
import { numberOf, splitList, suggest } from '../config.ts'
import { EMIT_KINDS, type EmitKind, replayToOutput } from './replay-output.ts'
import { serve } from './serve.ts'
import { replayConfig, type ServerFlags } from './settings.ts'
import { addServerOptions } from './up-command.ts'

interface ReplayFlags extends ServerFlags {
  readonly format?: string
  readonly emit?: string
  readonly interval?: string
  readonly symbol?: string
  readonly venue?: string
  readonly finalOnly?: boolean
  readonly serve?: boolean
  readonly speed?: string
}

const EXAMPLES = `
Examples:
  finpulse replay btcusdt_20240808.gz --emit candles --interval 1m --final-only
  finpulse replay day1.csv day2.csv.zip --emit trades,alerts > derived.ndjson
  zcat capture.gz | finpulse replay - --format binance --venue binance-usdm
  finpulse replay btcusdt_20240808.gz --serve --speed 10

Formats: Binance captures (a receive time and JSON on each line, or JSON alone), FinPulse NDJSON, CSV with a header
(time,symbol,price,quantity[,side,id]), Parquet, columnar batches of "finpulse generate", LEAN trades of US shares
(20131008_spy_Trade_Tick.csv); .gz and .zip of any. Several files are one stream in the order given.
Events go to standard output as NDJSON, the summary to standard error.`

export function addReplayCommand(program: Command): void {
  const command = program
    .command('replay')
    .description('recorded market data through the same roles: to standard output, or served with --serve')
    .argument('<files...>', 'recordings; - is standard input')
    .option('--format <name>', `${REPLAY_FORMATS.join(', ')} (default: told from the content)`)
    .option('--emit <kinds>', `any of ${EMIT_KINDS.join(',')} (default: candles,alerts)`)
    .option('--interval <list>', `candle intervals, any of ${INTERVALS.join(',')} (default: all)`)
    .option('--symbol <list>', 'only these symbols')
    .option('--venue <name>', 'name of the venue in what comes out (default: told from the content)')
    .option('--final-only', 'no provisional candles')
    .option('--serve', 'run it through log, store, API and page instead')
    .option('--speed <factor>', 'with --serve: 1, 10, … times real time, or max (default: 1)')
    .addHelpText('after', EXAMPLES)
  addServerOptions(command).action((paths: string[], flags: ReplayFlags) => replay(paths, flags))
}

async function replay(paths: readonly string[], flags: ReplayFlags): Promise<void> {
  const format = oneOf<ReplayFormat>(flags.format, '--format', REPLAY_FORMATS)
  const symbols = namesOf(flags.symbol)
  const input = {
    paths,
    ...(format === undefined ? {} : { format }),
    ...(flags.venue === undefined ? {} : { venue: nameOf(flags.venue, '--venue') }),
    ...(symbols === undefined ? {} : { symbols }),
  }
  if (flags.serve === true) {
    const feed = { ...input, paths: paths.map((path) => absolute(path)), speed: speedOf(flags.speed) }
    const dataDir = flags.dataDir ?? join('.finpulse', `replay-${fingerprint(feed.paths)}`)
    return serve(replayConfig({ ...flags, dataDir }, feed, process.env))
  }
  if (flags.speed !== undefined) throw new FinPulseError('config-invalid', '--speed: only with --serve')
  if (flags.venueApi === true) throw new FinPulseError('config-invalid', '--venue-api: only with --serve')
  const intervals = listOf<Interval>(flags.interval, '--interval', INTERVALS) ?? INTERVALS
  const emit = listOf<EmitKind>(flags.emit, '--emit', EMIT_KINDS) ?? ['candles', 'alerts']
  const isComplete = await replayToOutput({
    input,
    emit: new Set(emit),
    intervals: new Set(intervals.filter(isInterval)),
    finalOnly: flags.finalOnly === true,
  })
  if (!isComplete) process.exitCode = 1
}

function namesOf(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined
  const names = splitList(text)
  if (names.length === 0) throw new FinPulseError('config-invalid', '--symbol: expected at least one symbol, got none')
  // Venues write symbols in capitals; people often do not.
  return [...new Set(names.flatMap((name) => [nameOf(name, '--symbol'), name.toUpperCase()]))]
}

function nameOf(text: string, flag: string): string {
  if (NAME_PATTERN.test(text)) return text
  const allowed = 'letters, digits and . _ : / - (at most 64)'
  throw new FinPulseError('config-invalid', `${flag}: expected ${allowed}, got ${JSON.stringify(text)}`)
}

function oneOf<T extends string>(text: string | undefined, flag: string, allowed: readonly T[]): T | undefined {
  if (text === undefined) return undefined
  const found = allowed.find((word) => word === text)
  if (found !== undefined) return found
  throw new FinPulseError('config-invalid', `${flag}: "${text}" is none of them${suggest(text, allowed)}`)
}

function listOf<T extends string>(text: string | undefined, flag: string, allowed: readonly T[]): T[] | undefined {
  if (text === undefined) return undefined
  const words = splitList(text)
  if (words.length === 0) throw new FinPulseError('config-invalid', `${flag}: expected any of ${allowed.join(', ')}`)
  return words.map((word) => oneOf(word, flag, allowed)!)
}

function speedOf(text: string | undefined): number {
  if (text === undefined) return 1
  if (text === 'max') return 0
  const speed = numberOf(text, '--speed')
  if (speed > 0) return speed
  throw new FinPulseError('config-invalid', `--speed: expected a number above 0, or max, got "${text}"`)
}

function absolute(path: string): string {
  if (path === '-') throw new FinPulseError('config-invalid', '-: standard input cannot be served; give a file')
  return resolve(path)
}

/** The same files, unchanged, have the same data directory: a served replay goes on where it stopped. */
function fingerprint(paths: readonly string[]): string {
  const hash = createHash('sha256')
  for (const path of paths) {
    const status = statSync(path, { throwIfNoEntry: false })
    hash.update(`${path}\n${status?.size}\n${status?.mtimeMs}\n`)
  }
  return hash.digest('hex').slice(0, 12)
}
