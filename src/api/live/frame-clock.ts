/** Sessions that share a frame interval are served at the same moments, so that they share frames. */
export interface FrameReceiver {
  readonly frameIntervalMs: number
  deliver(): void
}

interface Group {
  readonly receivers: Set<FrameReceiver>
  timer: NodeJS.Timeout | undefined
}

/**
 * Says when frames are due: on the grid of each interval in use, or, for the interval 0, as soon as something came.
 */
export class FrameClock {
  readonly #settle: () => void
  readonly #groups = new Map<number, Group>()

  /** @param settle makes a step of all that came, before anybody is served */
  constructor(settle: () => void) {
    this.#settle = settle
  }

  get hasImmediate(): boolean {
    return this.#groups.has(0)
  }

  add(receiver: FrameReceiver): void {
    let group = this.#groups.get(receiver.frameIntervalMs)
    if (group === undefined) {
      group = { receivers: new Set(), timer: undefined }
      this.#groups.set(receiver.frameIntervalMs, group)
      if (receiver.frameIntervalMs > 0) this.#schedule(receiver.frameIntervalMs, group)
    }
    group.receivers.add(receiver)
  }

  remove(receiver: FrameReceiver): void {
    const group = this.#groups.get(receiver.frameIntervalMs)
    if (group === undefined) return
    group.receivers.delete(receiver)
    if (group.receivers.size > 0) return
    clearTimeout(group.timer)
    this.#groups.delete(receiver.frameIntervalMs)
  }

  /** Something came: serves the sessions that wait for no grid. */
  pulse(): void {
    const group = this.#groups.get(0)
    if (group !== undefined) this.#serve(group)
  }

  stop(): void {
    for (const group of this.#groups.values()) clearTimeout(group.timer)
    this.#groups.clear()
  }

  #serve(group: Group): void {
    this.#settle()
    for (const receiver of group.receivers) receiver.deliver()
  }

  #schedule(intervalMs: number, group: Group): void {
    const untilNextMs = intervalMs - (performance.now() % intervalMs)
    group.timer = setTimeout(() => {
      this.#serve(group)
      this.#schedule(intervalMs, group)
    }, untilNextMs)
  }
}
