import type { FrameMessage } from '../../../src/protocol/live.ts'
import { type FrameUpdate, PendingFrame } from './pending-frame.ts'

/** Hands what came on to the stores once per animation frame, however often the server sends. */
export class FramePump {
  readonly #pending = new PendingFrame()
  readonly #listeners = new Set<(update: FrameUpdate) => void>()
  #isScheduled = false

  add(frame: FrameMessage): void {
    this.#pending.add(frame)
    if (this.#isScheduled) return
    this.#isScheduled = true
    requestAnimationFrame(() => {
      this.#isScheduled = false
      const update = this.#pending.take()
      for (const listener of this.#listeners) listener(update)
    })
  }

  /** Forgets what waits: it belongs to an epoch that is over. */
  clear(): void {
    this.#pending.clear()
  }

  /** @returns ends it */
  onUpdate(listener: (update: FrameUpdate) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
