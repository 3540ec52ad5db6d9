import type { WriteStream } from 'node:tty'
import type { GeneratorRun, GeneratorSummary } from '../generate/generator-run.ts'
import { count } from './status-line.ts'

const REDRAW_MS = 200
const NOTE_AFTER_MS = 2000
const BAR_MIN_WIDTH = 6
const BAR_MAX_WIDTH = 24

/** Says once, where no bar is drawn, why nothing comes yet. */
export class ApproachNote {
  readonly #timer: NodeJS.Timeout

  constructor(write: (text: string) => void, run: GeneratorRun) {
    this.#timer = setTimeout(() => {
      if (run.startedPart < 1 && run.firstIndex > 0)
        write(`on the way to event ${count(run.firstIndex)}: each minute of the market follows from the one before\n`)
    }, NOTE_AFTER_MS)
  }

  close(): void {
    clearTimeout(this.#timer)
  }
}

/** Says, once a run was told to end and its place does not let it, how to end all the same. */
export class WaitNote {
  readonly #write: (text: string) => void
  readonly #place: string
  #timer: NodeJS.Timeout | undefined

  constructor(write: (text: string) => void, place: string) {
    this.#write = write
    this.#place = place
  }

  begin(): void {
    this.#timer = setTimeout(() => {
      this.#write(`waiting for ${this.#place} to take what is made; Ctrl-C once more ends without that\n`)
    }, NOTE_AFTER_MS)
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}

/** Draws how far a run is, on a terminal, until it is closed. */
export class GenerateProgress {
  readonly #terminal: WriteStream
  readonly #timer: NodeJS.Timeout

  constructor(terminal: WriteStream, run: GeneratorRun) {
    this.#terminal = terminal
    this.#timer = setInterval(() => {
      const columns = terminal.columns || 80
      const text =
        run.startedPart < 1
          ? approachText(run.startedPart, run.firstIndex, columns)
          : progressText(run.fraction, run.summary(), columns)
      terminal.write(`\r\x1b[2K${text}`)
    }, REDRAW_MS)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#terminal.write('\r\x1b[2K')
  }
}

/** The line of a run for a terminal of that many columns: never longer, the most important first. */
export function progressText(fraction: number, summary: GeneratorSummary, columns: number): string {
  const { eventsPerSecond, targetPerSecond, bytes, lagMs, sinkWaitMs, seconds } = summary
  const target = targetPerSecond === null ? ' events' : ` of ${count(targetPerSecond)}`
  const waited = Math.min(100, Math.round(sinkWaitMs / (seconds * 10)))
  const figures = [
    ` ${Math.floor(fraction * 100)} %`,
    `${count(eventsPerSecond)}${target}/s`,
    ...(lagMs === null ? [] : [`lag p50 ${shortMs(lagMs.p50)} p99 ${shortMs(lagMs.p99)} ms`]),
    `${count(bytes / 1e6)} MB`,
    `sink wait ${waited} %`,
  ].join('  ')
  return barText(fraction, figures, columns)
}

/** The line of a run that is on its way to its first event. */
export function approachText(part: number, firstIndex: number, columns: number): string {
  return barText(part, ` ${Math.floor(part * 100)} %  of the way to event ${count(firstIndex)}`, columns)
}

function barText(fraction: number, figures: string, columns: number): string {
  const width = Math.max(BAR_MIN_WIDTH, Math.min(BAR_MAX_WIDTH, columns - 1 - figures.length))
  const filled = Math.round(fraction * width)
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)}${figures}`.slice(0, columns - 1)
}

function shortMs(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : count(ms)
}

/** What came of a run, for people. */
export function summaryText(summary: GeneratorSummary): string {
  const { events, bytes, seconds, eventsPerSecond, targetPerSecond, lagMs, sinkWaitMs, fromMs, toMs } = summary
  const made = Object.entries(events).map(([kind, number]) => `${count(number)} ${kind}`)
  const target = targetPerSecond === null ? '' : ` of ${count(targetPerSecond)} asked for`
  const rows: [string, string][] = [
    ['events', made.length === 0 ? 'none' : made.join(', ')],
    ['written', `${count(bytes)} bytes to ${summary.sink}, waited ${count(sinkWaitMs)} ms for it`],
    ...(fromMs === null || toMs === null
      ? []
      : [['time span', `${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`] as [string, string]]),
    ['elapsed', `${seconds.toFixed(2)} s, ${count(eventsPerSecond)} events/s${target}`],
    ['goes on at', `--from ${summary.nextIndex}`],
  ]
  if (events.labels === 0) {
    rows.push(['labels', 'none became known before the last event; --label-delay 0s gives each with its payment'])
  }
  if (lagMs !== null) rows.push(['lag', `p50 ${lagMs.p50} ms, p99 ${lagMs.p99} ms, max ${lagMs.max} ms`])
  return `${rows.map(([name, text]) => `${name.padEnd(12)} ${text}`).join('\n')}\n`
}
