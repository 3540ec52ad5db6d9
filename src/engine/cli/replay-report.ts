import type { WriteStream } from 'node:tty'
import type { ReplayReader } from '../../feeds/replay/replay-reader.ts'
import type { RowCounts } from '../../feeds/rows/row-ledger.ts'
import type { MarketProcessor } from '../../processors/market-processor.ts'
import { count } from './status-line.ts'

const REDRAW_MS = 100
const BAR_WIDTH = 30

/** A bar on a terminal: bytes read of bytes in all, and the pace. */
export class ReplayProgress {
  readonly #terminal: WriteStream
  readonly #reader: ReplayReader
  readonly #startedMs = performance.now()
  readonly #timer: NodeJS.Timeout

  constructor(terminal: WriteStream, reader: ReplayReader) {
    this.#terminal = terminal
    this.#reader = reader
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS)
    this.#timer.unref()
  }

  #draw(): void {
    const { bytesRead, bytesTotal, counts } = this.#reader
    const rate = (counts.trades + counts.quotes) / ((performance.now() - this.#startedMs) / 1000)
    const fraction = bytesTotal === 0 ? 0 : Math.min(1, bytesRead / bytesTotal)
    const filled = Math.round(fraction * BAR_WIDTH)
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled)
    this.#terminal.write(`\r\x1b[2K${bar} ${Math.floor(fraction * 100)} %  ${count(rate)} events/s`)
  }

  /** Prints a line that stays. */
  print(text: string): void {
    this.#terminal.write(`\r\x1b[2K${text}\n`)
    this.#draw()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#terminal.write('\r\x1b[2K')
  }
}

/** What was read and what became of it, for people, on standard error. */
export function replaySummary(counts: RowCounts, processor: MarketProcessor, elapsedMs: number): string {
  const events = counts.trades + counts.quotes
  const seconds = elapsedMs / 1000
  const rows: [string, string][] = [
    ['lines', count(counts.lines)],
    ['events', `${count(events)} (${count(counts.trades)} trades, ${count(counts.quotes)} quotes)`],
    ['time span', spanText(counts)],
    ['passed over', listText(counts.passedOver, counts.passedOverByKind)],
    ['bad lines', listText(counts.bad, counts.badByReason)],
    ['duplicates', count(processor.duplicateCount)],
    ['too late', count(processor.tooLateCount)],
    ['elapsed', `${seconds.toFixed(2)} s, ${count(events / seconds)} events/s`],
  ]
  if (counts.unreadableInputs > 0) rows.push(['cut short', `${counts.unreadableInputs} input(s), see above`])
  return `${rows.map(([name, text]) => `${name.padEnd(12)} ${text}`).join('\n')}\n`
}

function spanText({ firstEventTimeUs, lastEventTimeUs }: RowCounts): string {
  if (firstEventTimeUs === undefined || lastEventTimeUs === undefined) return 'none'
  const text = (us: number) => new Date(us / 1000).toISOString()
  const seconds = ((lastEventTimeUs - firstEventTimeUs) / 1e6).toFixed(1)
  return `${text(firstEventTimeUs)} to ${text(lastEventTimeUs)} (${seconds} s)`
}

function listText(total: number, byName: Readonly<Record<string, number | undefined>>): string {
  if (total === 0) return '0'
  const parts = Object.entries(byName)
    .sort(([, a], [, b]) => (b ?? 0) - (a ?? 0))
    .map(([name, number]) => `${name} ${count(number ?? 0)}`)
  return `${count(total)} (${parts.join(', ')})`
}
