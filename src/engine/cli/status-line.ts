import type { WriteStream } from 'node:tty'
import { styleText } from 'node:util'
import type { Readiness } from '../../api/engine-view.ts'
import type { PipelineStatus } from '../pipeline-status.ts'

export interface StatusView {
  readonly url: string
  readonly readiness: Readiness
  readonly pipeline: PipelineStatus | undefined
  readonly eventsPerSecond: number
  readonly lagCount: number
  readonly isStopping: boolean
}

const REDRAW_MS = 250
const BAR_WIDTH = 24

/** One line at the bottom of a terminal that is drawn anew a few times a second; log lines appear above it. */
export class StatusLine {
  readonly #terminal: WriteStream
  readonly #view: () => StatusView
  readonly #timer: NodeJS.Timeout

  constructor(terminal: WriteStream, view: () => StatusView) {
    this.#terminal = terminal
    this.#view = view
    this.#timer = setInterval(() => this.draw(), REDRAW_MS)
    this.#timer.unref()
    this.draw()
  }

  draw(): void {
    this.#terminal.write(`\r\x1b[2K${statusText(this.#view(), this.#terminal.columns || 80)}`)
  }

  /** Prints a line that stays. */
  print(text: string): void {
    this.#terminal.write(`\r\x1b[2K${text}\n`)
    this.draw()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#terminal.write('\r\x1b[2K')
  }
}

/** The line for a terminal of that many columns; never longer. */
export function statusText(view: StatusView, columns: number): string {
  const { pipeline, readiness } = view
  if (view.isStopping) return clip(styleText('yellow', '● stopping …'), columns)
  const progress = pipeline?.progress
  if (!readiness.isReady && progress !== undefined && !progress.isDone) {
    const filled = Math.round(progress.fraction * BAR_WIDTH)
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled)
    const text = ` ${Math.floor(progress.fraction * 100)} %  ${count(view.eventsPerSecond)} events/s  ${view.url}`
    return clip(`${styleText('cyan', '● history')} ${bar}${text}`, columns)
  }
  const dot = readiness.isReady ? styleText('green', '● running') : styleText('cyan', `● ${readiness.detail}`)
  const parts = [
    `${count(view.eventsPerSecond)} events/s`,
    `lag ${count(view.lagCount)}`,
    `${count(pipeline?.alertCount ?? 0)} alerts`,
    styleText('bold', view.url),
    styleText('dim', 'Ctrl-C stops'),
  ]
  return clip(`${dot}  ${parts.join('  ')}`, columns)
}

/** A number for people: `1,234`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** Cuts a text to a width on the screen; escape sequences take none. */
function clip(text: string, columns: number): string {
  let width = 0
  let result = ''
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with ESC.
  for (const part of text.split(/(\x1b\[[0-9;]*m)/)) {
    if (part.startsWith('\x1b')) {
      result += part
      continue
    }
    const room = Math.max(0, columns - 1 - width)
    result += part.slice(0, room)
    width += Math.min(part.length, room)
  }
  return result
}
