import { FinPulseError } from '../../base/errors.ts'
import type { ReplayInstruments } from '../replay/replay-instruments.ts'
import type { BatchLedger } from './batch-ledger.ts'
import type { EventLedger } from './event-ledger.ts'
import { VarintReader, VarintWriter } from './varint.ts'

/** `PUSH`, and the version of what follows. */
const MAGIC = Uint8Array.of(0x50, 0x55, 0x53, 0x48, 1)

/** What has been taken: all that makes a repetition known as one. */
export interface PushState {
  readonly events: EventLedger
  readonly batches: BatchLedger
}

export function isPushPosition(position: Uint8Array): boolean {
  return MAGIC.every((byte, index) => position[index] === byte)
}

/** Writes positions; the writer's memory is used again. */
export class PushPositions {
  readonly #writer = new VarintWriter()

  /**
   * @param step number of the step, to know it again when it is committed
   * @param newestTimeUs newest event time taken, or -1
   */
  write(step: number, newestTimeUs: number, { events, batches }: PushState): Uint8Array {
    const writer = this.#writer
    writer.clear()
    writer.raw(MAGIC)
    writer.uint(step)
    writer.uint(newestTimeUs + 1)
    events.write(writer)
    batches.write(writer)
    return writer.written()
  }
}

export function stepOf(position: Uint8Array): number {
  return new VarintReader(position, MAGIC.length).uint()
}

/**
 * Fills an empty state.
 * @returns the newest event time, or -1
 * @throws FinPulseError data-dir-incompatible
 */
export function readPosition(position: Uint8Array, state: PushState, instruments: ReplayInstruments): number {
  if (!isPushPosition(position)) {
    throw new FinPulseError('data-dir-incompatible', 'position of the push feed: written by another version')
  }
  const reader = new VarintReader(position, MAGIC.length)
  reader.uint()
  const newestTimeUs = reader.uint() - 1
  state.events.read(reader, instruments)
  state.batches.read(reader)
  return newestTimeUs
}
