/* Defaults and limits of `finpulse generate`. */

export const DEFAULT_COUNT = 1000
export const SHARDS_MAX_COUNT = 16
export const SYMBOLS_MAX_COUNT = 10_000
