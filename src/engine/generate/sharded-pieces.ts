import { Worker } from 'node:worker_threads'
import { FinPulseError, messageOf } from '../../base/errors.ts'
import { workerEntry } from '../threads/entry.ts'
import type { Piece, PieceSource } from './piece.ts'
import { spanEnd } from './piece-bounds.ts'
import type { FromShard, SentPiece } from './shard-data.ts'
import { type Schedules, type SourceSpec, schedulesOf } from './source-spec.ts'

interface Shard {
  readonly worker: Worker
  /** Made and not taken yet; never more than the window. */
  readonly ready: SentPiece[]
  /** Part of its way to the first event. */
  startedPart: number
  readonly ended: Promise<void>
}

/**
 * Pieces that are made by several threads, span by span in turn, and put in order: the same pieces whatever their
 * number. Each thread is ahead by a window of pieces at most.
 */
export class ShardedPieces implements PieceSource {
  readonly #shards: readonly Shard[]
  /** The shard that each piece is from, which gets its buffer back. */
  readonly #origins = new Map<ArrayBuffer, Shard>()
  readonly #spec: SourceSpec
  readonly #schedules: Schedules
  readonly #endIndex: number
  #index: number
  #span = 0
  #spanEnd: number
  #failure: FinPulseError | undefined
  #wake: () => void = () => undefined

  constructor(spec: SourceSpec, firstIndex: number, endIndex: number, shardCount: number) {
    this.#spec = spec
    this.#schedules = schedulesOf(spec)
    this.#endIndex = endIndex
    this.#index = firstIndex
    this.#spanEnd = this.#spanEndFrom(firstIndex)
    this.#shards = Array.from({ length: shardCount }, (_, shard) => {
      const workerData = { spec, firstIndex, endIndex, shard, shardCount }
      const name = `generate-${shard}`
      return this.#watch(new Worker(workerEntry('shard-worker', import.meta.url), { workerData, name }))
    })
  }

  get index(): number {
    return this.#index
  }

  get startedPart(): number {
    return Math.min(...this.#shards.map(({ startedPart }) => startedPart))
  }

  async start(signal: AbortSignal): Promise<void> {
    const wake = () => this.#wake()
    signal.addEventListener('abort', wake)
    while (this.startedPart < 1 && !signal.aborted) await this.#change()
    signal.removeEventListener('abort', wake)
  }

  async next(): Promise<Piece> {
    const shard = this.#shards[this.#span % this.#shards.length]!
    while (shard.ready.length === 0) await this.#change()
    const { endIndex, buffer, length, frames, counts } = shard.ready.shift()!
    this.#origins.set(buffer, shard)
    this.#index = endIndex
    if (endIndex === this.#spanEnd) {
      this.#span += 1
      this.#spanEnd = this.#spanEndFrom(endIndex)
    }
    return { endIndex, bytes: new Uint8Array(buffer, 0, length), frames, counts }
  }

  recycle({ bytes: { buffer } }: Piece): void {
    const origin = this.#origins.get(buffer)
    this.#origins.delete(buffer)
    origin?.worker.postMessage(buffer, [buffer])
  }

  async close(): Promise<void> {
    for (const { worker } of this.#shards) worker.postMessage(null)
    await Promise.all(this.#shards.map(({ ended }) => ended))
  }

  /** Until something is heard of a shard. @throws FinPulseError worker-failed */
  async #change(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    if (this.#failure !== undefined) throw this.#failure
  }

  #watch(worker: Worker): Shard {
    const shard: Shard = { worker, ready: [], startedPart: 0, ended: untilExit(worker) }
    worker.on('message', (sent: FromShard) => {
      if (typeof sent === 'number') shard.startedPart = sent
      else shard.ready.push(sent)
      this.#wake()
    })
    worker.on('error', (error) => {
      this.#failure = new FinPulseError('worker-failed', `generate: a thread failed: ${messageOf(error)}`, {
        cause: error,
      })
      this.#wake()
    })
    return shard
  }

  #spanEndFrom(index: number): number {
    return Math.min(this.#endIndex, spanEnd(index, this.#spec, this.#schedules))
  }
}

async function untilExit(worker: Worker): Promise<void> {
  await new Promise<void>((resolve) => {
    worker.on('exit', () => resolve())
  })
}
