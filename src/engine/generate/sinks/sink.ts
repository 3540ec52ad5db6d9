import type { Label } from '../../../events/label.ts'
import type { Piece } from '../piece.ts'

/** What goes out at once: a piece, and the labels that are known by its end where the sink is told them. */
export interface Delivery {
  readonly piece: Piece
  readonly labels: readonly Label[]
}

/** A place that the pieces of a stream go to. */
export interface PieceSink {
  /** What it is, for people. */
  readonly name: string
  /** True once nobody is there any more who wants the rest, as behind `| head`. */
  readonly isGone: boolean
  /** Bytes that the place has, where they are others than those of the pieces that it has taken. */
  readonly finalBytes?: number
  /** True where nothing is there before all of it is: what such a sink has taken is lost where it fails. */
  readonly isAllOrNothing?: true
  /** How long it may keep a run that was interrupted from its end; as long as it takes unless told. */
  readonly patienceMs?: number
  /** Bytes before the first event, where the format has any. */
  writeHeader(bytes: Uint8Array): Promise<void>
  /**
   * Resolves when there is room for more; what waits inside of the sink is bounded.
   * @param taken called once, in order, when the place has taken the piece over, which may be used again then
   * @throws FinPulseError sink-failed, also for what was written before
   */
  write(delivery: Delivery, taken: () => void): Promise<void>
  /** Resolves when everything was taken. @throws FinPulseError sink-failed */
  close(): Promise<void>
  /**
   * Ends without what was not taken yet, at once where a place does not answer, and after a failure too: what the place
   * has then is what was taken, as far as that is in our hands.
   */
  giveUp(): Promise<void>
}

/** For places that may stop answering: how long an interrupted run waits for them. */
export const PATIENCE_MS = 5000
