import { FinPulseError } from '../../base/errors.ts'
import type { ReplayReader, ReplayStep } from '../../feeds/replay/replay-reader.ts'

/**
 * The steps of all inputs that can be read. One that is damaged, or of no known format, is told to `onFailure` and left
 * behind; anything else that is thrown is a defect.
 */
export async function* readableSteps(
  reader: ReplayReader,
  onFailure: (failure: FinPulseError) => void,
): AsyncGenerator<ReplayStep> {
  for (;;) {
    const step = await reader.next().catch((error: unknown) => failureOf(error))
    if (step === undefined) return
    if (step instanceof FinPulseError) onFailure(step)
    else yield step
  }
}

function failureOf(error: unknown): FinPulseError {
  if (error instanceof FinPulseError && error.code !== 'internal') return error
  throw error
}
