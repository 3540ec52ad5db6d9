import { join } from 'node:path'
import type { Clock } from '../../../base/clock.ts'
import { FinPulseError } from '../../../base/errors.ts'
import { encodeRecords } from '../../../events/json.ts'
import type { Label } from '../../../events/label.ts'
import { EmbeddedEventLog } from '../../../log/embedded/embedded-event-log.ts'
import type { Append } from '../../../log/event-log.ts'
import { makeDataDirectory } from '../../data-directory.ts'
import { LOG_DIRECTORY } from '../../threads/thread-data.ts'
import type { Piece } from '../piece.ts'
import type { SourceSpec } from '../source-spec.ts'
import type { Delivery, PieceSink } from './sink.ts'

const CHECKPOINT = 'generate'
const PARTITION = 0
/** Commits, and bytes of them, that may be under way: they share flushes to the disk. */
const COMMITS_MAX_COUNT = 16
const COMMITS_MAX_BYTES = 8 << 20

/** What the log is filled with, and how far: committed with every piece. */
interface Progress {
  readonly options: Readonly<Record<string, unknown>>
  readonly nextIndex: number
}

/**
 * The columnar batches of each piece, the labels known by then and the index of the next event as one commit of an
 * embedded event log: after a crash the log holds whole pieces, and knows which one comes next.
 */
export class LogSink implements PieceSink {
  readonly name: string
  readonly isGone = false
  readonly #log: EmbeddedEventLog
  readonly #options: Progress['options']
  /** Index that the log goes on with; undefined for one that is new. */
  readonly nextIndex: number | undefined
  #commits: Promise<unknown>[] = []
  #commitBytes = 0

  /**
   * @param spec, firstIndex of the stream: a log takes no other one
   * @throws FinPulseError data-dir-locked, config-invalid where the log has other content, log-failed
   */
  static async open(directory: string, spec: SourceSpec, firstIndex: number, clock: Clock): Promise<LogSink> {
    makeDataDirectory(join(directory, LOG_DIRECTORY))
    const log = EmbeddedEventLog.open({ directory: join(directory, LOG_DIRECTORY), clock })
    try {
      const options = optionsOf(spec, firstIndex)
      const progress = await progressOf(log, directory)
      if (progress !== undefined) checkSame(progress.options, options, directory)
      return new LogSink(directory, log, options, progress?.nextIndex)
    } catch (error) {
      await log.close()
      throw error
    }
  }

  private constructor(
    directory: string,
    log: EmbeddedEventLog,
    options: Progress['options'],
    nextIndex: number | undefined,
  ) {
    this.name = `the log in ${directory}`
    this.#log = log
    this.#options = options
    this.nextIndex = nextIndex
  }

  async writeHeader(): Promise<void> {
    throw new FinPulseError('internal', 'log sink: a columnar stream has no header')
  }

  async write({ piece, labels }: Delivery, taken: () => void): Promise<void> {
    const value = Buffer.from(JSON.stringify({ options: this.#options, nextIndex: piece.endIndex } satisfies Progress))
    const appends = [...appendsOf(piece), ...labelAppends(labels)]
    const commit = this.#log.commit({ appends, checkpoints: [{ name: CHECKPOINT, value }] }).then(taken)
    // Awaited below or at the next call; until then it is no unhandled rejection.
    commit.catch(() => undefined)
    this.#commits.push(commit)
    this.#commitBytes += piece.bytes.length
    if (this.#commits.length >= COMMITS_MAX_COUNT || this.#commitBytes >= COMMITS_MAX_BYTES) await this.#settle()
  }

  async close(): Promise<void> {
    await this.#settle()
    await this.#log.close()
  }

  async giveUp(): Promise<void> {
    await Promise.allSettled(this.#commits)
    await this.#log.close()
  }

  async #settle(): Promise<void> {
    const commits = this.#commits
    this.#commits = []
    this.#commitBytes = 0
    await Promise.all(commits)
  }
}

function appendsOf({ bytes, frames }: Piece): Append[] {
  return frames.map(({ topic, from, to, recordCount, maxEventTimeUs }) => ({
    topic,
    partition: PARTITION,
    batch: { recordCount, payload: bytes.subarray(from, to), maxEventTimeUs },
  }))
}

function labelAppends(labels: readonly Label[]): Append[] {
  const newest = labels.at(-1)
  if (newest === undefined) return []
  const batch = {
    recordCount: labels.length,
    payload: encodeRecords(labels),
    maxEventTimeUs: Math.round(newest.eventTimeMs * 1000),
  }
  return [{ topic: 'labels', partition: PARTITION, batch }]
}

/** What the events of a log follow from: not how many of them there are, nor how they are cut into batches. */
function optionsOf(spec: SourceSpec, firstIndex: number): Progress['options'] {
  const { pieceCount: _pieceCount, format: _format, ...options } = spec
  return { ...options, firstIndex }
}

async function progressOf(log: EmbeddedEventLog, directory: string): Promise<Progress | undefined> {
  const value = await log.checkpoint(CHECKPOINT)
  if (value !== undefined) return JSON.parse(Buffer.from(value).toString()) as Progress
  if ((await log.stats()).every(({ endOffset }) => endOffset === 0)) return undefined
  throw new FinPulseError(
    'config-invalid',
    `--data-dir ${directory}: its log has events that "finpulse generate" did not write; take another directory`,
  )
}

function checkSame(had: Progress['options'], wanted: Progress['options'], directory: string): void {
  const names = [...new Set([...Object.keys(had), ...Object.keys(wanted)])]
  const other = names.filter((name) => JSON.stringify(had[name]) !== JSON.stringify(wanted[name]))
  if (other.length === 0) return
  throw new FinPulseError(
    'config-invalid',
    `--data-dir ${directory}: its log was generated with another ${other.join(' and ')}; ` +
      'give the same options to go on with it, or take another directory',
  )
}
