import type { WriteStream } from 'node:tty'
import type { Command } from 'commander'
import { systemClock } from '../../base/clock.ts'
import { parseDuration } from '../../base/duration.ts'
import { FinPulseError } from '../../base/errors.ts'
import { NAME_PATTERN } from '../../events/limits.ts'
import { PaymentLabels } from '../../feeds/payments/payment-labels.ts'
import { defaultPaymentsOptions } from '../../feeds/payments/payments-options.ts'
import { ConstantRate, type Schedule } from '../../feeds/schedule.ts'
import { CRYPTO_SYMBOLS, DEFAULT_SYMBOLS, worldSymbolOf } from '../../feeds/simulator/symbol-presets.ts'
import type { WorldSymbol } from '../../feeds/simulator/world/market-world.ts'
import { MINUTE_US } from '../../feeds/simulator/world/minute-path.ts'
import { RATE_SHAPES, type RateStage, StagedRate } from '../../feeds/simulator/world/staged-rate.ts'
import { numberOf, readConfigFile, splitList, suggest } from '../config.ts'
import { DirtySource, parseDirtyRates } from '../generate/dirty-source.ts'
import { type EventSink, fileSink, httpSink, StreamSink, webSocketSink } from '../generate/event-sink.ts'
import {
  type EventSource,
  GENERATE_FORMATS,
  type GenerateFormat,
  MarketSource,
  PaymentsSource,
} from '../generate/event-source.ts'
import { GeneratorRun, type GeneratorSummary } from '../generate/generator-run.ts'
import { count } from './status-line.ts'

interface GenerateFlags {
  readonly kind: string
  readonly count?: string
  readonly duration?: string
  readonly rate?: string
  readonly pace: boolean
  readonly shape: string
  readonly seed: string
  readonly startTime: string
  readonly from: string
  readonly symbols?: string
  readonly market: string
  readonly out?: string
  readonly labels?: string
  readonly dirty?: string
  readonly format: string
  readonly json?: boolean
}

const KINDS = ['trades', 'quotes', 'payments'] as const
type Kind = (typeof KINDS)[number]
const MARKETS = ['equity', 'crypto'] as const
const DEFAULT_COUNT = 1000
const UNPACED_RATE = 1000
const SYMBOLS_MAX_COUNT = 10_000
const REDRAW_MS = 200
const BAR_WIDTH = 24

const EXAMPLES = `
Examples:
  finpulse generate --count 5
  finpulse generate --kind trades,quotes --duration 1h --rate 500 --no-pace --out hour.ndjson.gz
  finpulse generate --rate 20000 --duration 30s --out http://127.0.0.1:9000/events --json
  finpulse generate --market crypto --symbols 1000 --count 1000000 --format csv --out million.csv
  finpulse generate --kind payments --rate 50 --no-pace --duration 30d --out payments.csv --format csv --labels frauds.ndjson
  finpulse generate --count 100000 --dirty late=1%,duplicate=0.5%,missing=0.1%,malformed=0.1% --out dirty.ndjson
  finpulse generate --count 100 --from 900          # the last hundred of a thousand

The same seed and options give the same bytes, whole or in pieces. With --rate the n-th event is due at start + n / rate,
whatever the sink does; what is late is reported as lag.`

export function addGenerateCommand(program: Command): void {
  program
    .command('generate')
    .description('a simulated market as a stream of events: to standard output, a file, HTTP or WebSocket')
    .option('--kind <list>', 'trades,quotes (either or both), or payments', 'trades')
    .option('--count <number>', `events to generate (default: ${DEFAULT_COUNT})`)
    .option('--duration <duration>', 'event time to generate, instead of --count')
    .option(
      '--rate <number>',
      `events per second, kept by the clock (without it: ${UNPACED_RATE} a second of event time, unpaced)`,
    )
    .option('--no-pace', 'with --rate: do not wait for the clock')
    .option(
      '--shape <name>',
      'constant, ramp, burst, diurnal, or a YAML file of stages: [{ duration, from, to }]',
      'constant',
    )
    .option('--seed <number>', 'same seed, same market', '1')
    .option('--start-time <time>', 'event time of the first event, ISO 8601', '2026-01-01T00:00:00Z')
    .option('--from <index>', 'begin with this event', '0')
    .option('--symbols <list>', `symbols separated by commas, or how many (at most ${SYMBOLS_MAX_COUNT}; default: ten)`)
    .option('--market <name>', 'equity or crypto', 'equity')
    .option('--out <place>', 'file (.gz is compressed), http(s):// or ws(s):// address; - is standard output (default)')
    .option(
      '--dirty <rates>',
      'spoil some events: missing, duplicate, late, malformed, oversized, as late=1%,missing=0.1%',
    )
    .option('--labels <file>', 'with payments: the frauds among them, each as late as a charge-back is known')
    .option('--format <name>', GENERATE_FORMATS.join(', '), 'ndjson')
    .option('--json', 'the summary as JSON')
    .addHelpText('after', EXAMPLES)
    .action((flags: GenerateFlags) => generate(flags))
}

async function generate(flags: GenerateFlags): Promise<void> {
  const originUs = timeOf(flags.startTime)
  const schedule = await scheduleOf(flags, originUs)
  const firstIndex = wholeNumber(flags.from, '--from', 0)
  const endIndex = endOf(flags, schedule, originUs, firstIndex)
  const { source: cleanSource, labels } = sourceOf(flags, schedule, originUs)
  const source = spoiled(cleanSource, flags)
  source.skipTo(firstIndex)
  labels?.skipTo(schedule.dueUs(firstIndex))
  const run = new GeneratorRun({
    source,
    schedule,
    sink: await sinkOf(flags.out ?? '-'),
    clock: systemClock,
    endIndex,
    isPaced: flags.rate !== undefined && flags.pace,
    ...(labels === undefined ? {} : { labelOutput: { labels, sink: fileSink(flags.labels!) } }),
  })
  await runWithProgress(run)
  const summary = run.summary()
  process.stderr.write(flags.json === true ? `${JSON.stringify(summary)}\n` : summaryText(summary))
}

/** The source behind `--dirty`, or the source itself. */
function spoiled(source: EventSource, { dirty, kind, format, seed }: GenerateFlags): EventSource {
  if (dirty === undefined) return source
  if (format === 'columnar' || splitList(kind).length > 1) {
    throw new FinPulseError('config-invalid', '--dirty: takes one --kind, as ndjson or csv')
  }
  return new DirtySource(source, wholeNumber(seed, '--seed', 0), parseDirtyRates(dirty, '--dirty'))
}

interface Source {
  readonly source: EventSource
  readonly labels?: PaymentLabels
}

function sourceOf(flags: GenerateFlags, schedule: Schedule, originUs: number): Source {
  const kinds = splitList(flags.kind).map((kind) => oneOf(kind, '--kind', KINDS))
  const format = oneOf<GenerateFormat>(flags.format, '--format', GENERATE_FORMATS)
  const seed = wholeNumber(flags.seed, '--seed', 0)
  if (kinds.includes('payments')) return paymentsSource(flags, kinds, format, schedule, seed)
  if (flags.labels !== undefined) throw new FinPulseError('config-invalid', '--labels: only with --kind payments')
  if (format !== 'ndjson' && (kinds.length !== 1 || kinds[0] !== 'trades')) {
    throw new FinPulseError('config-invalid', `--format ${format}: takes --kind trades alone`)
  }
  const startMinute = Math.floor(originUs / MINUTE_US)
  const world = { seed, symbols: symbolsOf(flags), schedule, startMinute, firstIndex: 0 }
  const wanted = { trades: kinds.includes('trades'), quotes: kinds.includes('quotes') }
  return { source: new MarketSource(world, format, wanted) }
}

function paymentsSource(
  flags: GenerateFlags,
  kinds: readonly Kind[],
  format: GenerateFormat,
  schedule: Schedule,
  seed: number,
): Source {
  if (kinds.length > 1) throw new FinPulseError('config-invalid', '--kind: payments are a stream of their own')
  const meanRatePerSecond = flags.rate === undefined ? UNPACED_RATE : numberOf(flags.rate, '--rate')
  const options = defaultPaymentsOptions(seed, schedule, meanRatePerSecond)
  const source = new PaymentsSource(options, format)
  return flags.labels === undefined ? { source } : { source, labels: new PaymentLabels(options) }
}

async function runWithProgress(run: GeneratorRun): Promise<void> {
  const abort = new AbortController()
  process.once('SIGINT', () => abort.abort())
  const terminal = process.stderr.isTTY ? (process.stderr as WriteStream) : undefined
  const timer = terminal && setInterval(() => terminal.write(`\r\x1b[2K${progressText(run)}`), REDRAW_MS)
  try {
    await run.run(abort.signal)
  } finally {
    clearInterval(timer)
    terminal?.write('\r\x1b[2K')
  }
}

function progressText(run: GeneratorRun): string {
  const { eventsPerSecond, bytes, lagMs } = run.summary()
  const filled = Math.round(run.fraction * BAR_WIDTH)
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled)
  const lag = lagMs === null ? '' : `  lag p99 ${lagMs.p99} ms`
  return `${bar} ${Math.floor(run.fraction * 100)} %  ${count(eventsPerSecond)} events/s  ${count(bytes / 1e6)} MB${lag}`
}

function summaryText(summary: GeneratorSummary): string {
  const { events, bytes, seconds, eventsPerSecond, lagMs, sinkWaitMs } = summary
  const rows: [string, string][] = [
    [
      'events',
      Object.entries(events)
        .map(([kind, number]) => `${count(number)} ${kind}`)
        .join(', '),
    ],
    ['written', `${count(bytes)} bytes to ${summary.sink}, waited ${count(sinkWaitMs)} ms for it`],
    ['time span', `${new Date(summary.fromMs).toISOString()} to ${new Date(summary.toMs).toISOString()}`],
    ['elapsed', `${seconds.toFixed(2)} s, ${count(eventsPerSecond)} events/s`],
    ['goes on at', `--from ${summary.nextIndex}`],
  ]
  if (lagMs !== null) rows.push(['lag', `p50 ${lagMs.p50} ms, p99 ${lagMs.p99} ms, max ${lagMs.max} ms`])
  return `${rows.map(([name, text]) => `${name.padEnd(12)} ${text}`).join('\n')}\n`
}

function endOf(flags: GenerateFlags, schedule: Schedule, originUs: number, firstIndex: number): number {
  if (flags.count !== undefined && flags.duration !== undefined) {
    throw new FinPulseError('config-invalid', '--count, --duration: give one of them')
  }
  if (flags.duration === undefined) return firstIndex + wholeNumber(flags.count ?? String(DEFAULT_COUNT), '--count', 1)
  const fromUs = firstIndex === 0 ? originUs : schedule.dueUs(firstIndex)
  return schedule.countBefore(fromUs + parseDuration(flags.duration, '--duration') * 1000)
}

async function scheduleOf({ rate, shape }: GenerateFlags, originUs: number): Promise<Schedule> {
  const ratePerSecond = rate === undefined ? UNPACED_RATE : numberOf(rate, '--rate')
  if (!(ratePerSecond > 0 && ratePerSecond <= 1e8)) {
    throw new FinPulseError('config-invalid', `--rate: expected more than 0 and at most 1e8, got ${rate}`)
  }
  if (shape === 'constant') return new ConstantRate(ratePerSecond, originUs)
  if (shape in RATE_SHAPES) {
    return new StagedRate(RATE_SHAPES[shape as keyof typeof RATE_SHAPES](ratePerSecond), originUs)
  }
  return new StagedRate(stagesFrom(shape), originUs)
}

/** Stages from a file: `stages: [{ duration: 10m, from: 100, to: 5000 }, …]`. */
function stagesFrom(path: string): RateStage[] {
  const { stages } = readConfigFile(path, '--shape')
  if (!Array.isArray(stages)) {
    throw new FinPulseError('config-invalid', `--shape ${path}: expected "stages", a list of { duration, from, to }`)
  }
  return stages.map((stage: { duration?: unknown; from?: unknown; to?: unknown }, index) => ({
    durationSeconds: parseDuration(String(stage?.duration), `--shape ${path}: stages[${index}].duration`) / 1000,
    fromPerSecond: numberOf(String(stage?.from), `--shape ${path}: stages[${index}].from`),
    toPerSecond: numberOf(String(stage?.to ?? stage?.from), `--shape ${path}: stages[${index}].to`),
  }))
}

function symbolsOf({ symbols, market }: GenerateFlags): WorldSymbol[] {
  const kind = oneOf(market, '--market', MARKETS)
  const presets = (kind === 'crypto' ? CRYPTO_SYMBOLS : DEFAULT_SYMBOLS).map(({ symbol }) => symbol)
  const names = symbols === undefined ? presets : namesFrom(symbols, presets)
  for (const name of names) {
    if (!NAME_PATTERN.test(name)) throw new FinPulseError('config-invalid', `--symbols: "${name}" is no symbol`)
  }
  return names.map((name) => worldSymbolOf(name, kind))
}

/** A list as it is; a number is so many, the well-known ones first. */
function namesFrom(text: string, presets: readonly string[]): string[] {
  if (!/^\d+$/.test(text)) return [...new Set(splitList(text))]
  const wanted = Number(text)
  if (wanted < 1 || wanted > SYMBOLS_MAX_COUNT) {
    throw new FinPulseError('config-invalid', `--symbols: expected 1 to ${SYMBOLS_MAX_COUNT}, got ${text}`)
  }
  return Array.from({ length: wanted }, (_, index) => presets[index] ?? `S${String(index).padStart(4, '0')}`)
}

async function sinkOf(place: string): Promise<EventSink> {
  if (place === '-') return new StreamSink('standard output', process.stdout)
  if (/^https?:\/\//.test(place)) return httpSink(place)
  return /^wss?:\/\//.test(place) ? webSocketSink(place) : fileSink(place)
}

function timeOf(text: string): number {
  const timeMs = Date.parse(text)
  if (Number.isFinite(timeMs) && timeMs >= 0 && timeMs < 4_102_444_800_000) return timeMs * 1000
  throw new FinPulseError('config-invalid', `--start-time: expected ISO 8601 from 1970 to 2100, got "${text}"`)
}

function wholeNumber(text: string, flag: string, minimum: number): number {
  const value = numberOf(text, flag)
  if (Number.isSafeInteger(value) && value >= minimum) return value
  throw new FinPulseError('config-invalid', `${flag}: expected a whole number of at least ${minimum}, got "${text}"`)
}

function oneOf<T extends string>(text: string, flag: string, allowed: readonly T[]): T {
  const found = allowed.find((word) => word === text)
  if (found !== undefined) return found
  throw new FinPulseError('config-invalid', `${flag}: "${text}" is none of them${suggest(text, allowed)}`)
}
