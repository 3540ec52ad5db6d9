import { FinPulseError } from '../../base/errors.ts'
import type { PushResult } from '../../protocol/push.ts'
import type { PushControl, PushRequest } from '../engine-view.ts'

/** Keeps what is offered; a test answers when it likes. */
export class FakePush implements PushControl {
  readonly requests: PushRequest[] = []
  readonly #answers: PromiseWithResolvers<PushResult>[] = []
  /** Whether each batch is answered at once. */
  isPrompt = true

  offer(request: PushRequest): Promise<PushResult> {
    this.requests.push(request)
    const answer = Promise.withResolvers<PushResult>()
    this.#answers.push(answer)
    if (this.isPrompt) this.answer(this.requests.length - 1)
    return answer.promise
  }

  /** Every line of the batch counts as an event. */
  answer(index: number): void {
    const acceptedCount = this.textOf(index).trim().split('\n').length
    this.#answers[index]!.resolve({ acceptedCount, duplicateCount: 0, refusedCount: 0, refused: [] })
  }

  refuse(index: number, error: FinPulseError): void {
    this.#answers[index]!.reject(error)
  }

  textOf(index: number): string {
    return Buffer.from(this.requests[index]!.bytes).toString()
  }
}

export const QUEUE_FULL = new FinPulseError('queue-full', 'push: no room', { retryable: true })
