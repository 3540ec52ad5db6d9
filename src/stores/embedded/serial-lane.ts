/** Runs tasks one after the other, in order of call. A task that fails does not stop those behind it. */
export class SerialLane {
  #tail: Promise<unknown> = Promise.resolve()

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task)
    // The caller sees the failure; the lane only needs the end.
    this.#tail = result.then(ignore, ignore)
    return result
  }
}

function ignore(): void {}
