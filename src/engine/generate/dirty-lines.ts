import { Random } from '../../base/random.ts'
import type { Schedule } from '../../feeds/schedule.ts'
import { DIRTY_KINDS, type DirtyKind, type DirtyRates } from './dirty-rates.ts'
import { LineBuffer } from './line-buffer.ts'

const DIRTY_STREAM = 0x64697274
/** A late line comes so much after its event time, drawn evenly: later than the allowed lateness of the processors. */
const LATE_MIN_US = 2_500_000
const LATE_MAX_US = 10_000_000
/** But not behind so many events more: what is held, and made once more when a stream goes on, stays bounded. */
const LATE_MAX_COUNT = 16_384
/** A line out of order comes behind up to so many events that should follow it. */
const NEAR_MAX_COUNT = 8
/** Events that may be due in the same microsecond. */
const TIES_MAX_COUNT = 256
/** The clock of a skewed line is off by up to this, either way. */
const SKEW_MAX_US = 5_000_000
/** Longer than any reader of lines should take. */
const OVERSIZED_BYTES = 2 << 20
const NEWLINE = new Uint8Array([10])
const SPACE = 32
const COMMA = 44
const BRACE = 123
const EVENT_TIME = Buffer.from('"eventTimeMs":')

type HeldKind = 'late' | 'out-of-order'

interface HeldLine {
  readonly kind: HeldKind
  readonly dueUs: number
  readonly line: Uint8Array
}

/**
 * Spoils some of the lines of a stream. What happens to a line follows from the seed, its event time and its place among
 * the lines of that time, so a dirty stream too is the same whole and in pieces. What is late or out of order keeps its
 * event time: it comes at another place, not changed.
 */
export class DirtyLines {
  readonly #seed: number
  readonly #rates: DirtyRates
  readonly #schedule: Schedule
  readonly #random = new Random(0)
  /** By due time; of equal ones in the order in which they came. */
  #held: HeldLine[] = []
  #lastTimeUs = -1
  /** Lines so far that have the time of the last one. */
  #ordinal = 0
  readonly #out = new LineBuffer()
  readonly spoiled = zeroCounts()

  constructor(seed: number, rates: DirtyRates, schedule: Schedule) {
    this.#seed = seed
    this.#rates = rates
    this.#schedule = schedule
  }

  /** Events before a place that have to be made once more, for the lines of theirs that come after it. */
  get lookBackCount(): number {
    return TIES_MAX_COUNT + ((this.#rates.late ?? 0) > 0 ? LATE_MAX_COUNT : NEAR_MAX_COUNT)
  }

  /** Forgets what is held, to begin elsewhere. */
  clear(): void {
    this.#held = []
    this.#lastTimeUs = -1
    this.#ordinal = 0
  }

  /**
   * @param nextTimeUs event time from which further lines come: what is due before it is given out
   * @returns the lines as they come out, valid until the next call; `spoiled` counts the spoiled lines among them, and those missing
   */
  pass(lines: LineBuffer, nextTimeUs: number): LineBuffer {
    Object.assign(this.spoiled, zeroCounts())
    this.#out.clear()
    for (let index = 0; index < lines.lineCount; index++) {
      const timeUs = lines.times[index]!
      this.#release(timeUs - 1)
      this.#pass(lines.lineAt(index), timeUs)
      this.#release(timeUs)
    }
    this.#release(nextTimeUs - 1)
    return this.#out
  }

  #pass(line: Uint8Array, timeUs: number): void {
    const kind = this.#draw(timeUs)
    if (kind === undefined) {
      this.#out.push(line, timeUs)
      return
    }
    if (kind === 'late' || kind === 'out-of-order') {
      this.#hold({ kind, line: line.slice(), dueUs: this.#dueUs(kind, timeUs) })
      return
    }
    this.spoiled[kind] += 1
    if (kind !== 'missing') this.#out.push(this.#spoil(kind, line), timeUs)
  }

  #draw(timeUs: number): DirtyKind | undefined {
    this.#ordinal = timeUs === this.#lastTimeUs ? this.#ordinal + 1 : 0
    this.#lastTimeUs = timeUs
    this.#random.reseed(this.#seed, DIRTY_STREAM + this.#ordinal, timeUs)
    let drawn = this.#random.next()
    for (const kind of DIRTY_KINDS) {
      drawn -= this.#rates[kind] ?? 0
      if (drawn < 0) return kind
    }
    return undefined
  }

  #dueUs(kind: HeldKind, timeUs: number): number {
    const index = this.#schedule.countBefore(timeUs)
    if (kind === 'out-of-order') return this.#schedule.dueUs(index + 1 + this.#random.nextInt(NEAR_MAX_COUNT))
    const lateUs = LATE_MIN_US + this.#random.nextInt(LATE_MAX_US - LATE_MIN_US)
    return Math.min(timeUs + lateUs, this.#schedule.dueUs(index + LATE_MAX_COUNT))
  }

  #hold(held: HeldLine): void {
    let at = this.#held.length
    while (at > 0 && this.#held[at - 1]!.dueUs > held.dueUs) at -= 1
    this.#held.splice(at, 0, held)
  }

  /** Gives out what is due at or before a time. */
  #release(timeUs: number): void {
    let count = 0
    while (count < this.#held.length && this.#held[count]!.dueUs <= timeUs) {
      const { kind, line } = this.#held[count]!
      this.#out.push(line, timeUs)
      this.spoiled[kind] += 1
      count += 1
    }
    if (count > 0) this.#held.splice(0, count)
  }

  #spoil(kind: 'duplicate' | 'malformed' | 'oversized' | 'clock-skewed', line: Uint8Array): Uint8Array {
    if (kind === 'duplicate') return Buffer.concat([line, line])
    if (kind === 'oversized') return Buffer.concat([Buffer.alloc(OVERSIZED_BYTES, SPACE), line])
    if (kind === 'clock-skewed') return this.#skew(line)
    // Torn off somewhere in the middle, as by a writer that was stopped; of CSV so that a column is missing.
    const endMax = line[0] === BRACE ? line.length - 3 : line.lastIndexOf(COMMA)
    const length = 1 + this.#random.nextInt(Math.max(1, endMax))
    return Buffer.concat([line.subarray(0, length), NEWLINE])
  }

  /** Moves the line's event time, in ms in JSON, in µs at the beginning of a line of CSV. */
  #skew(line: Uint8Array): Uint8Array {
    const skewUs = Math.round((2 * this.#random.next() - 1) * SKEW_MAX_US)
    const text = Buffer.from(line.buffer, line.byteOffset, line.length)
    const field = text.indexOf(EVENT_TIME)
    const start = field < 0 ? 0 : field + EVENT_TIME.length
    let end = start
    while (isOfNumber(text[end])) end += 1
    const written = Number(text.subarray(start, end).toString())
    const skewed = field < 0 ? written + skewUs : (Math.round(written * 1000) + skewUs) / 1000
    return Buffer.concat([text.subarray(0, start), Buffer.from(String(skewed)), text.subarray(end)])
  }
}

function isOfNumber(code: number | undefined): boolean {
  return code !== undefined && ((code >= 48 && code <= 57) || code === 46)
}

function zeroCounts(): Record<DirtyKind, number> {
  return {
    missing: 0,
    duplicate: 0,
    late: 0,
    'out-of-order': 0,
    malformed: 0,
    oversized: 0,
    'clock-skewed': 0,
  }
}
