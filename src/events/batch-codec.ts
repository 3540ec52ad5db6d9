import type { ColumnArray } from './column.ts'
import {
  areSameRows,
  type BatchKind,
  type ColumnRange,
  corrupt,
  decodeColumns,
  type EncodedColumns,
  encodeColumns,
} from './column-codec.ts'
import type { Instrument, InstrumentTable } from './instrument.ts'
import { PaymentBatch } from './payment-batch.ts'
import { QuoteBatch } from './quote-batch.ts'
import { TradeBatch } from './trade-batch.ts'

const TRADES: BatchKind = 1
const QUOTES: BatchKind = 2
const PAYMENTS: BatchKind = 3

type Batch = TradeBatch | QuoteBatch

/** The bytes of a trade batch, as they are stored in `market.trades`. */
export function encodeTrades(batch: TradeBatch): Uint8Array {
  return encodeTradesBriefly(batch).slice()
}

/** The bytes of a quote batch, as they are stored in `market.quotes`. */
export function encodeQuotes(batch: QuoteBatch): Uint8Array {
  return encodeQuotesBriefly(batch).slice()
}

/** As `encodeTrades`, without allocation: the bytes are valid until the next encoding of any batch. */
export function encodeTradesBriefly(batch: TradeBatch): Uint8Array {
  return encodeBatch(TRADES, batch, batch.watermarkUs)
}

/** As `encodeTradesBriefly`, for quotes. */
export function encodeQuotesBriefly(batch: QuoteBatch): Uint8Array {
  return encodeBatch(QUOTES, batch, -1)
}

/**
 * Reads a stored trade batch; instruments are registered in `instruments`, and digits brought to its decimals.
 * @param into is filled instead of a new batch, if it is over the same table and large enough
 */
export function decodeTrades(payload: Uint8Array, instruments: InstrumentTable, into?: TradeBatch): TradeBatch {
  const encoded = decodeColumns(TRADES, payload)
  const isFit = into !== undefined && into.instruments === instruments && into.capacity >= encoded.rowCount
  const batch = decodeBatch(encoded, isFit ? into : new TradeBatch(instruments, encoded.rowCount))
  batch.watermarkUs = encoded.watermarkUs
  return batch
}

/** As `decodeTrades`, for quotes. */
export function decodeQuotes(payload: Uint8Array, instruments: InstrumentTable): QuoteBatch {
  const encoded = decodeColumns(QUOTES, payload)
  return decodeBatch(encoded, new QuoteBatch(instruments, encoded.rowCount))
}

/** The bytes of a payment batch, as they are stored in `payments`. Its dictionary is empty: payments name no instrument. */
export function encodePayments(batch: PaymentBatch): Uint8Array {
  return encodePaymentsBriefly(batch).slice()
}

/** As `encodeTradesBriefly`, for payments. */
export function encodePaymentsBriefly(batch: PaymentBatch): Uint8Array {
  reserve(batch.count)
  fillDelays(batch.count, batch.receivedTimeUs, batch.eventTimeUs)
  const columns = batch.columns.map((column) => (column === batch.receivedTimeUs ? delays : column))
  return encodeColumns(PAYMENTS, batch.count, batch.watermarkUs, [], columns)
}

/**
 * Reads a stored payment batch.
 * @param into is filled instead of a new batch, if it is large enough
 */
export function decodePayments(payload: Uint8Array, into?: PaymentBatch): PaymentBatch {
  const encoded = decodeColumns(PAYMENTS, payload)
  const isFit = into !== undefined && into.capacity >= encoded.rowCount
  const batch = isFit ? into : new PaymentBatch(encoded.rowCount)
  batch.count = encoded.rowCount
  batch.watermarkUs = encoded.watermarkUs
  for (const column of batch.columns) encoded.readColumn(column)
  for (let row = 0; row < batch.count; row++) batch.receivedTimeUs[row]! += batch.eventTimeUs[row]!
  return batch
}

/** What two columns are turned into on their way; as large as the largest batch so far. */
let delays = new Float64Array(1 << 13)
let localIndexes = new Float64Array(1 << 13)

function reserve(rowCount: number): void {
  if (delays.length >= rowCount) return
  delays = new Float64Array(rowCount)
  localIndexes = new Float64Array(rowCount)
}

/** The delay is far narrower than the time itself. @returns its range */
function fillDelays(count: number, receivedTimeUs: Float64Array, eventTimeUs: Float64Array): ColumnRange {
  const into = delays
  if (areSameRows(receivedTimeUs, eventTimeUs, count)) {
    into.fill(0, 0, count)
    return { minimum: 0, maximum: 0 }
  }
  const first = count === 0 ? 0 : receivedTimeUs[0]! - eventTimeUs[0]!
  let minimum = first
  let maximum = first
  for (let row = 0; row < count; row++) {
    const delay = receivedTimeUs[row]! - eventTimeUs[row]!
    into[row] = delay
    if (delay < minimum) minimum = delay
    else if (delay > maximum) maximum = delay
  }
  return { minimum, maximum }
}

/** @returns the instruments of the rows, in order of appearance; `localIndexes` then has their places in it */
function fillLocalIndexes(count: number, instrument: Uint32Array, instruments: InstrumentTable): Instrument[] {
  const dictionary: Instrument[] = []
  const into = localIndexes
  const localIndex = new Int32Array(instruments.count).fill(-1)
  for (let row = 0; row < count; row++) {
    const index = instrument[row]!
    let local = localIndex[index]!
    if (local < 0) {
      local = dictionary.push(instruments.at(index)) - 1
      localIndex[index] = local
    }
    into[row] = local
  }
  return dictionary
}

function encodeBatch(kind: BatchKind, batch: Batch, watermarkUs: number): Uint8Array {
  reserve(batch.count)
  const delayRange = fillDelays(batch.count, batch.receivedTimeUs, batch.eventTimeUs)
  const dictionary = fillLocalIndexes(batch.count, batch.instrument, batch.instruments)
  const indexRange = { minimum: 0, maximum: Math.max(0, dictionary.length - 1) }
  const ranges: (ColumnRange | undefined)[] = []
  const columns = batch.columns.map((column, place): ColumnArray => {
    if (column === batch.instrument) {
      ranges[place] = indexRange
      return localIndexes
    }
    if (column !== batch.receivedTimeUs) return column
    ranges[place] = delayRange
    return delays
  })
  return encodeColumns(kind, batch.count, watermarkUs, dictionary, columns, ranges)
}

function decodeBatch<B extends Batch>(encoded: EncodedColumns, batch: B): B {
  batch.count = encoded.rowCount
  for (const column of batch.columns) encoded.readColumn(column)
  for (let row = 0; row < batch.count; row++) batch.receivedTimeUs[row]! += batch.eventTimeUs[row]!
  const indexes = encoded.dictionary.map((entry) =>
    batch.instruments.register(entry.venue, entry.symbol, entry.priceDecimals, entry.quantityDecimals),
  )
  for (let row = 0; row < batch.count; row++) {
    const index = indexes[batch.instrument[row]!]
    if (index === undefined) throw corrupt(`has instrument ${batch.instrument[row]} of ${indexes.length} in row ${row}`)
    batch.instrument[row] = index
  }
  for (const [local, entry] of encoded.dictionary.entries()) bringToTable(batch, indexes[local]!, entry)
  return batch
}

/** The instrument may have more decimals by now than when the rows were written. */
function bringToTable(batch: Batch, index: number, written: Instrument): void {
  const current = batch.instruments.at(index)
  const pricePlaces = current.priceDecimals - written.priceDecimals
  const quantityPlaces = current.quantityDecimals - written.quantityDecimals
  if (pricePlaces === 0 && quantityPlaces === 0) return
  try {
    batch.rescale(index, pricePlaces, quantityPlaces)
  } catch (error) {
    // Feeds take no row that does not fit, so these digits are not what was written.
    throw corrupt(`has digits of ${written.symbol} that do not fit`, error)
  }
}
