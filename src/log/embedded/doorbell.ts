import { FinPulseError } from '../../base/errors.ts'

/**
 * Wakes readers in other threads of the process: the first 32-bit integer of a shared buffer counts the commits.
 * @throws FinPulseError internal where the buffer is smaller than that
 */
export function doorbellCounter(buffer: SharedArrayBuffer): Int32Array {
  if (buffer.byteLength < 4) {
    throw new FinPulseError('internal', `doorbell: expected at least 4 bytes, got ${buffer.byteLength}`)
  }
  return new Int32Array(buffer, 0, 1)
}

export function ringDoorbell(counter: Int32Array): void {
  Atomics.add(counter, 0, 1)
  Atomics.notify(counter, 0)
}
