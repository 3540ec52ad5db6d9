/** Why an input was refused. Closed, so that it can be a metric label. */
export const DEAD_LETTER_REASONS = [
  'malformed',
  'too-long',
  'unknown-shape',
  'invalid-symbol',
  'invalid-price',
  'invalid-quantity',
  'invalid-time',
  'invalid-id',
  'invalid-side',
  'overflow',
  'too-late',
] as const
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number]

/** Longest piece of the refused input that is kept, in characters. */
export const DEAD_LETTER_SAMPLE_MAX_LENGTH = 512

export interface DeadLetter {
  readonly type: 'dead-letter'
  readonly reason: DeadLetterReason
  /** What is wrong, in words, with the value. */
  readonly detail: string
  /** File and line, or feed, that it came from. */
  readonly source: string
  readonly receivedTimeMs: number
  /** The beginning of the input. */
  readonly sample: string
}
