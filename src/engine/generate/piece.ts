import type { Label } from '../../events/label.ts'
import type { Topic } from '../../events/topic.ts'

/** One columnar batch inside a piece. */
export interface Frame {
  readonly topic: Topic
  /** Its payload, as it is stored in the log, is `bytes[from, to)` of the piece; `from` is a multiple of 8. */
  readonly from: number
  readonly to: number
  readonly recordCount: number
  readonly maxEventTimeUs: number
}

/** Consecutive events of a stream as bytes of its format: the unit in which streams are made, sent and committed. */
export interface Piece {
  /** Index behind its last event. */
  readonly endIndex: number
  /** From the beginning of its buffer, which is another piece's once this one was given back. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Of the columnar formats; empty for text. */
  readonly frames: readonly Frame[]
  /** What is in it, by kind. */
  readonly counts: Readonly<Record<string, number>>
}

/** A stream of pieces, in order. */
export interface PieceSource {
  /** Index of the first event of the next piece. */
  readonly index: number
  /** Part of the way to the first event, over those before it, that lies behind: 1 at its end. */
  readonly startedPart: number
  /** Goes to the first event; to be called before `next`. Where the signal aborts that, nothing else may be called but `close`. */
  start(signal: AbortSignal): Promise<void>
  /** The next piece; not to be called at the end. */
  next(): Promise<Piece>
  /** Gives a piece's buffer back. Pieces that are kept take memory; nothing else bounds their number. */
  recycle(piece: Piece): void
  close(): Promise<void>
}

/** Labels in the order in which they become known. */
export interface LabelSource {
  skipTo(timeUs: number): void
  /** Those known before `timeUs` that were not given out yet. */
  before(timeUs: number): readonly Label[]
}

/** Adds up counts by kind. */
export function addCounts(to: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [kind, count] of Object.entries(counts)) to[kind] = (to[kind] ?? 0) + count
}
