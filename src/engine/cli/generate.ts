import { constants } from 'node:os'
import type { WriteStream } from 'node:tty'
import { systemClock } from '../../base/clock.ts'
import { parseDuration } from '../../base/duration.ts'
import { FinPulseError } from '../../base/errors.ts'
import { EVENT_TIME_MAX_US } from '../../events/limits.ts'
import type { Schedule } from '../../feeds/schedule.ts'
import { headerOf } from '../generate/event-lines.ts'
import { GeneratorRun } from '../generate/generator-run.ts'
import { LabelFile } from '../generate/label-file.ts'
import { LocalPieces } from '../generate/local-pieces.ts'
import type { LabelSource, PieceSource } from '../generate/piece.ts'
import { ShardedPieces } from '../generate/sharded-pieces.ts'
import { LogSink } from '../generate/sinks/log-sink.ts'
import { openSink, type Place } from '../generate/sinks/open-sink.ts'
import type { PieceSink } from '../generate/sinks/sink.ts'
import { labelsOf, type SourceSpec, schedulesOf } from '../generate/source-spec.ts'
import { wholeNumber } from './flag-values.ts'
import { DEFAULT_COUNT, SHARDS_MAX_COUNT } from './generate-limits.ts'
import { checkLabelPath, formatOf, type PlaceFlags, placeOf } from './generate-place.ts'
import { ApproachNote, GenerateProgress, summaryText, WaitNote } from './generate-report.ts'
import { isPacedBy, partRatesOf, type SpecFlags, specOf, unusedSettings } from './generate-spec.ts'
import { onStopSignal } from './stop-signals.ts'

/** The flags of `finpulse generate`, as commander gives them. */
export interface GenerateFlags extends SpecFlags, PlaceFlags {
  readonly count?: string
  readonly duration?: string
  readonly from: string
  readonly labels?: string | true
  readonly shards: string
  readonly json?: boolean
}

/** Makes what the flags ask for. @throws FinPulseError config-invalid, sink-failed */
export async function generate(flags: GenerateFlags): Promise<void> {
  const place = placeOf(flags)
  const format = formatOf(place, flags.format)
  const spec = specOf(flags, format)
  const shardCount = wholeNumber(flags.shards, '--shards', 1, SHARDS_MAX_COUNT)
  const unused = unusedSettings(flags)
  if (unused.length > 0) process.stderr.write(`--config: ${unused.join(', ')} are for finpulse up; here flags say it\n`)
  const schedule = schedulesOf(spec).whole
  const fromIndex = wholeNumber(flags.from, '--from', 0)
  const endIndex = endOf(flags, schedule, spec.originUs, fromIndex)
  const labels = labelSourceOf(flags, spec, endIndex, place)
  const labelPath = typeof flags.labels === 'string' ? flags.labels : undefined
  if (labelPath !== undefined) checkLabelPath(labelPath, place)
  // What is there already is lost only when both can be written.
  const labelFile = labelPath === undefined ? undefined : await LabelFile.open(labelPath)
  const sink = await openSink(place, spec, format === 'parquet', fromIndex, systemClock)
  const firstIndex = (sink instanceof LogSink ? sink.nextIndex : undefined) ?? fromIndex
  if (firstIndex >= endIndex) return sayDone(sink, firstIndex)
  if (firstIndex > fromIndex) process.stderr.write(`${sink.name} goes on at event ${firstIndex}\n`)
  labels?.skipTo(schedule.dueUs(firstIndex))
  const { market, payments } = partRatesOf(flags)
  const run = new GeneratorRun({
    source: openPieces(spec, firstIndex, endIndex, shardCount),
    schedule,
    sink,
    header: headerOf(spec),
    clock: systemClock,
    endIndex,
    ...(isPacedBy(flags) ? { pacedRate: market + payments } : {}),
    ...(labels === undefined ? {} : { labels }),
    ...(labelFile === undefined ? {} : { labelFile }),
  })
  const isStdoutFree = place.sink !== 'stdout'
  await runToEnd(run, sink.name, flags.json === true ? (isStdoutFree ? process.stdout : process.stderr) : undefined)
}

function openPieces(spec: SourceSpec, firstIndex: number, endIndex: number, shardCount: number): PieceSource {
  if (shardCount === 1) return new LocalPieces(spec, firstIndex, endIndex)
  return new ShardedPieces(spec, firstIndex, endIndex, shardCount)
}

function labelSourceOf(
  { labels }: GenerateFlags,
  spec: SourceSpec,
  endIndex: number,
  place: Place,
): LabelSource | undefined {
  if (labels === undefined) return undefined
  if (labels === true && place.sink !== 'log') {
    throw new FinPulseError('config-invalid', '--labels: expected a file; without one only with --sink log')
  }
  const source = labelsOf(spec, endIndex)
  if (source !== undefined) return source
  throw new FinPulseError('config-invalid', '--labels: only with --kind payments or --anomalies')
}

async function sayDone(sink: PieceSink, nextIndex: number): Promise<void> {
  await sink.close()
  process.stderr.write(`${sink.name} has all of it, up to event ${nextIndex}; a larger --count or --duration goes on\n`)
}

/** @param json where the summary goes as JSON; without it, it goes to standard error for people */
async function runToEnd(run: GeneratorRun, place: string, json: WriteStream | undefined): Promise<void> {
  const abort = new AbortController()
  const note = new WaitNote((text) => process.stderr.write(text), place)
  let stoppedBy: NodeJS.Signals | undefined
  onStopSignal(
    (signal) => {
      stoppedBy = signal
      note.begin()
      abort.abort()
    },
    () => run.giveUp(),
  )
  const progress = process.stderr.isTTY
    ? new GenerateProgress(process.stderr as WriteStream, run)
    : new ApproachNote((text) => process.stderr.write(text), run)
  try {
    await run.run(abort.signal)
  } finally {
    note.end()
    progress.close()
    if (run.hasGivenUp && stoppedBy !== undefined)
      process.stderr.write(`gave up on ${place}, which did not take the rest\n`)
    // Where the sink has failed, this says what it has taken, and where to go on.
    const summary = run.summary()
    if (json === undefined) process.stderr.write(summaryText(summary))
    else json.write(`${JSON.stringify(summary)}\n`)
    // As by the signal itself: who looks at the code alone must not take a part for the whole.
    if (stoppedBy !== undefined && run.fraction < 1) process.exitCode = 128 + constants.signals[stoppedBy]
    // What nobody reads would keep the process, as a pipe that is full does.
    if (stoppedBy !== undefined && run.hasGivenUp) process.stderr.write('', () => process.exit())
  }
}

/** Index behind the last event. @throws FinPulseError config-invalid, also where that would be due in 2100 or later */
function endOf({ count, duration }: GenerateFlags, schedule: Schedule, originUs: number, firstIndex: number): number {
  if (count !== undefined && duration !== undefined) {
    throw new FinPulseError('config-invalid', '--count, --duration: give one of them')
  }
  const maxIndex = schedule.countBefore(EVENT_TIME_MAX_US)
  const past = (flags: string, end: string) =>
    new FinPulseError(
      'config-invalid',
      `${flags}: expected event times before 2100, that is events up to ${maxIndex} at this rate from --start-time, got ${end}`,
    )
  if (firstIndex > maxIndex) throw past('--from', `event ${firstIndex}`)
  if (duration === undefined) {
    const endIndex = firstIndex + wholeNumber(count ?? String(DEFAULT_COUNT), '--count', 1)
    if (endIndex > maxIndex) throw past('--from, --count', `event ${endIndex}`)
    return endIndex
  }
  const fromUs = firstIndex === 0 ? originUs : schedule.dueUs(firstIndex)
  const endUs = fromUs + parseDuration(duration, '--duration') * 1000
  if (endUs <= fromUs) throw new FinPulseError('config-invalid', `--duration: expected more than 0, got "${duration}"`)
  if (endUs > EVENT_TIME_MAX_US) throw past('--from, --duration', `${duration} from event ${firstIndex} on`)
  return schedule.countBefore(endUs)
}
