import type { Frame } from './piece.ts'
import type { SourceSpec } from './source-spec.ts'

/** What the thread of a shard is started with. */
export interface ShardData {
  readonly spec: SourceSpec
  readonly firstIndex: number
  readonly endIndex: number
  /** It makes the spans shard, shard + shardCount, …. */
  readonly shard: number
  readonly shardCount: number
}

/**
 * A piece on its way between threads. Its buffer is transferred, and comes back the same way as leave for one more; null
 * in place of a buffer ends the thread.
 */
export interface SentPiece {
  readonly endIndex: number
  readonly buffer: ArrayBuffer
  readonly length: number
  readonly frames: readonly Frame[]
  readonly counts: Readonly<Record<string, number>>
}

/** What a shard sends: the part of the way to the first event that lies behind it, 1 at its end; then pieces. */
export type FromShard = number | SentPiece

/**
 * Pieces that a shard may be ahead, made and not given back: a span and a half of full pieces, so that it makes its next
 * span while another's is written. As text about 25 MB.
 */
export const SHARD_WINDOW_COUNT = 16
