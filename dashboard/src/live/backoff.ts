export const BACKOFF_FIRST_MS = 500
export const BACKOFF_MAX_MS = 15_000

/**
 * Delay before the n-th attempt (from 1): doubles from 500 ms to 15 s, of which a random half, so that a thousand pages
 * do not come back to a restarted server in the same instant.
 * @param random in [0, 1)
 */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt - 1, 16))
  return Math.round(ceiling / 2 + (random * ceiling) / 2)
}
