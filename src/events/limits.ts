/** Bounds of the vocabulary: what lies outside is a dead letter, never an event. */

/** Event times lie in [1970-01-01, 2100-01-01), in µs. */
export const EVENT_TIME_MAX_US = 4_102_444_800_000_000
/** Exclusive maximum of price digits times quantity digits, so that sums over a day stay below 2^127. */
export const NOTIONAL_DIGITS_MAX = 1e34
/** A symbol or venue: letters, digits and `. _ : / -`, at most 64 of them. */
export const NAME_PATTERN = /^[\p{L}\p{N}][\p{L}\p{N}._:/-]{0,63}$/u
/** Most instruments that one engine follows. */
export const INSTRUMENTS_MAX_COUNT = 20_000
