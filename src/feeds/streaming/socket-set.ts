import { Random } from '../../base/random.ts'
import { FeedLine, type FeedLineOptions, type SocketPlan } from './feed-line.ts'
import { type Frame, FrameQueue } from './frame-queue.ts'
import type { Wake } from './wake.ts'

export interface SocketSetOptions extends Omit<FeedLineOptions, 'plan' | 'limits' | 'random' | 'onFrame' | 'isPaused'> {
  /** Each at the place of its index. */
  readonly plans: readonly SocketPlan[]
  readonly limits: FeedLineOptions['limits'] & { readonly queueMaxCount: number }
  /** Seed of the jitter. */
  readonly seed: number
  /** Rung when a frame is in the queue. */
  readonly wake: Wake
  /** Sees each frame at once. @returns true where the frame is dealt with, and not queued */
  readonly takesAside?: (frame: Frame) => boolean
  /** Called before the sockets are read from again, once half of a full queue is free. */
  readonly onResume?: () => void
}

/** All connections of a feed, and the queue of what they bring: while it is full, none of them is read from. */
export class SocketSet {
  readonly queue: FrameQueue
  readonly lines: readonly FeedLine[]

  constructor({ plans, seed, wake, takesAside, onResume, ...options }: SocketSetOptions) {
    this.queue = new FrameQueue(options.limits.queueMaxCount, {
      pause: () => {
        for (const line of this.lines) line.pause()
      },
      resume: () => {
        onResume?.()
        for (const line of this.lines) line.resume()
      },
    })
    const onFrame = (frame: Frame) => {
      if (takesAside?.(frame) === true) return
      this.queue.push(frame)
      wake.ring()
    }
    this.lines = plans.map(
      (plan) =>
        new FeedLine({
          ...options,
          plan,
          random: new Random(seed, plan.index + 1),
          onFrame,
          isPaused: () => this.queue.isPaused,
        }),
    )
  }

  get openCount(): number {
    return this.lines.filter((line) => line.isOpen).length
  }

  get areAllOpen(): boolean {
    return this.lines.every((line) => line.isOpen)
  }

  /** When it was known last of all of them that what had been sent has come, µs. */
  get heardUs(): number {
    return Math.min(...this.lines.map((line) => line.heardUs))
  }

  /** Does what is due. To be called often. */
  check(): void {
    for (const line of this.lines) line.check()
  }

  close(): void {
    for (const line of this.lines) line.close()
  }
}
