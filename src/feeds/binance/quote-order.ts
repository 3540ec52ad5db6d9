import type { QuoteRow } from '../rows/market-row.ts'
import type { RowInstrument } from '../rows/row-instruments.ts'

/** A quote with a lower number after this time is of a venue that numbers anew, not of an overlap. */
const OVERLAP_US = 60_000_000

/** Tells quotes that an old and a new socket both brought by their numbers, which only grow. */
export class QuoteOrder {
  readonly #last = new Map<RowInstrument, { sequence: number; receivedTimeUs: number }>()

  /** Takes a quote into account. @returns false for one that came before */
  isNew(instrument: RowInstrument, { sequence, receivedTimeUs }: QuoteRow): boolean {
    const last = this.#last.get(instrument)
    if (last === undefined) {
      this.#last.set(instrument, { sequence, receivedTimeUs })
      return true
    }
    if (sequence <= last.sequence && receivedTimeUs - last.receivedTimeUs < OVERLAP_US) return false
    last.sequence = sequence
    last.receivedTimeUs = receivedTimeUs
    return true
  }
}
