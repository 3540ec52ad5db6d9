import type { Clock } from './clock.ts'
import { FinPulseError } from './errors.ts'

const FIRST_DELAY_MS = 50
const DELAY_MAX_MS = 5000

export interface RetryOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Called before each wait, so that no failure is silent. */
  readonly onRetry: (error: FinPulseError, delayMs: number) => void
}

/**
 * Calls `operation` until it succeeds, as long as it fails with retryable errors: waits 50 ms after the first failure,
 * twice as long after each further one, at most 5 s. The operation must be one that may be called again.
 * Rejects with any other error of the operation, and with the signal's reason when it aborts during a wait.
 */
export async function retrying<T>(operation: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, signal, onRetry } = options
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, DELAY_MAX_MS)) {
    try {
      return await operation()
    } catch (error) {
      if (!(error instanceof FinPulseError) || !error.retryable) throw error
      onRetry(error, delayMs)
    }
    await clock.sleep(delayMs, signal)
  }
}
