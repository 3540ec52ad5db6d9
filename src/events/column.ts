import { type DecimalDigits, scaleDigits } from '../base/decimal.ts'
import { FinPulseError } from '../base/errors.ts'

/** Typed arrays that a batch's columns are made of. */
export type ColumnArray = Float64Array | Uint32Array | Uint8Array
export type Columns = readonly ColumnArray[]

/** Copies `count` rows of every column. The column lists have the same order and types. */
export function copyRows(from: Columns, fromRow: number, to: Columns, toRow: number, count: number): void {
  for (let column = 0; column < from.length; column++) {
    to[column]!.set(from[column]!.subarray(fromRow, fromRow + count), toRow)
  }
}

const scratch: DecimalDigits = { low: 0, high: 0, decimals: 0 }

/** Multiplies one row's digits by 10^places: the instrument has more decimals than when the row was written. */
export function rescaleRow(low: Float64Array, high: Uint32Array, row: number, places: number): void {
  if (places === 0) return
  scratch.low = low[row]!
  scratch.high = high[row]!
  scratch.decimals = 0
  if (!scaleDigits(scratch, places)) {
    throw new FinPulseError('event-invalid', `decimal in row ${row}: too many digits after ${places} more decimals`)
  }
  low[row] = scratch.low
  high[row] = scratch.high
}
