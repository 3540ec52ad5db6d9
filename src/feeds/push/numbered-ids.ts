import { IdRanges } from './id-ranges.ts'
import type { VarintReader, VarintWriter } from './varint.ts'

/** What becomes of the lowest ids where there are too many ranges: forgotten, or taken as seen with all below. */
export type Overflow = 'forget' | 'merge'

/**
 * The ids that one source has given to its events. A known id on an event newer than all others is no repetition: the
 * source has begun to number anew, and then the numbering before is remembered beside the present one.
 */
export class NumberedIds {
  #ids = new IdRanges()
  #newestUs = -1
  /** Older events belong to the numbering before. */
  #numberedFromUs = -1
  #before: IdRanges | undefined

  /** Whether an event with any of these ids was noted. */
  isKnown(fromId: number, toId: number, eventTimeUs: number): boolean {
    if (eventTimeUs < this.#numberedFromUs) return this.#before?.overlaps(fromId, toId) ?? false
    return eventTimeUs <= this.#newestUs && this.#ids.overlaps(fromId, toId)
  }

  /** Notes an event that is not known. */
  note(fromId: number, toId: number, eventTimeUs: number): void {
    if (eventTimeUs < this.#numberedFromUs) {
      this.#before?.add(fromId, toId)
      return
    }
    if (eventTimeUs > this.#newestUs) {
      if (this.#ids.overlaps(fromId, toId)) this.#beginAnew(eventTimeUs)
      this.#newestUs = eventTimeUs
    }
    this.#ids.add(fromId, toId)
  }

  #beginAnew(eventTimeUs: number): void {
    this.#before = this.#ids
    this.#ids = new IdRanges()
    this.#numberedFromUs = eventTimeUs
  }

  /** Keeps at most so many ranges of each numbering. @returns ranges that were given up */
  trim(maxCount: number, overflow: Overflow): number {
    return trimRanges(this.#ids, maxCount, overflow) + trimRanges(this.#before, maxCount, overflow)
  }

  write(writer: VarintWriter): void {
    writer.uint(this.#newestUs + 1)
    writer.uint(this.#numberedFromUs + 1)
    writeRanges(this.#ids, writer)
    if (this.#numberedFromUs >= 0) writeRanges(this.#before!, writer)
  }

  static read(reader: VarintReader): NumberedIds {
    const ids = new NumberedIds()
    ids.#newestUs = reader.uint() - 1
    ids.#numberedFromUs = reader.uint() - 1
    ids.#ids = readRanges(reader)
    if (ids.#numberedFromUs >= 0) ids.#before = readRanges(reader)
    return ids
  }
}

function trimRanges(ranges: IdRanges | undefined, maxCount: number, overflow: Overflow): number {
  if (ranges === undefined || ranges.count <= maxCount) return 0
  // Some more than are too many, so that the next ones cost nothing.
  const count = ranges.count - maxCount + (maxCount >> 3)
  if (overflow === 'forget') ranges.dropLowest(count)
  else ranges.mergeLowest(count)
  return count
}

function writeRanges(ranges: IdRanges, writer: VarintWriter): void {
  writer.uint(ranges.count)
  let previous = 0
  for (let index = 0; index < ranges.count; index++) {
    writer.uint(ranges.fromAt(index) - previous)
    writer.uint(ranges.toAt(index) - ranges.fromAt(index))
    previous = ranges.toAt(index)
  }
}

function readRanges(reader: VarintReader): IdRanges {
  const ranges = new IdRanges()
  let previous = 0
  for (let count = reader.uint(); count > 0; count--) {
    const from = previous + reader.uint()
    previous = from + reader.uint()
    ranges.add(from, previous)
  }
  return ranges
}
