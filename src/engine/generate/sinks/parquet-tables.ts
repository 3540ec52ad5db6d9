import type { ColumnArray } from '../../../events/column.ts'
import { codeText, currencyDecimals } from '../../../events/payment.ts'
import type { PaymentBatch } from '../../../events/payment-batch.ts'
import type { QuoteBatch } from '../../../events/quote-batch.ts'
import type { TradeBatch } from '../../../events/trade-batch.ts'

/** How rows of one kind become columns of a Parquet file. */
export interface ParquetTable<B> {
  /** Columns as they are appended, in the order of `columns`: 64-bit integers, 32-bit or 8-bit ones. */
  readonly raw: readonly (readonly [name: string, type: 'BIGINT' | 'UINTEGER' | 'UTINYINT'])[]
  readonly columns: (batch: B) => readonly ColumnArray[]
  /** High limbs of digits, for which there is no place: all 0. */
  readonly highLimbs: (batch: B) => readonly Uint32Array[]
  /** Columns of the file, over the raw ones. */
  readonly select: string
}

/** A value of the instrument of the row, or of any list by number from 0. */
const at = (list: string, index: string) => `list_extract(getvariable('${list}'), ${index} + 1)`
const time = (column: string) => `make_timestamp(${column})`

/** The digits as exact text: an amount of 1234 with two decimals is `12.34`. */
function decimalText(digits: string, decimals: string): string {
  const power = at('powers', decimals)
  return (
    `CASE WHEN ${decimals} = 0 THEN ${digits}::VARCHAR ` +
    `ELSE (${digits} // ${power})::VARCHAR || '.' || lpad((${digits} % ${power})::VARCHAR, ${decimals}::INTEGER, '0') END`
  )
}

const price = (column: string) => decimalText(column, at('price_decimals', 'instrument'))
const quantity = (column: string) => decimalText(column, at('quantity_decimals', 'instrument'))

export const TRADE_TABLE: ParquetTable<TradeBatch> = {
  raw: [
    ['instrument', 'UINTEGER'],
    ['price', 'BIGINT'],
    ['quantity', 'BIGINT'],
    ['time', 'BIGINT'],
    ['received', 'BIGINT'],
    ['id', 'BIGINT'],
    ['flags', 'UTINYINT'],
  ],
  columns: (batch) => [
    batch.instrument,
    batch.priceLow,
    batch.quantityLow,
    batch.eventTimeUs,
    batch.receivedTimeUs,
    batch.id,
    batch.flags,
  ],
  highLimbs: (batch) => [batch.priceHigh, batch.quantityHigh],
  select: `${time('"time"')} AS "time", ${at('venues', 'instrument')} AS venue, ${at('symbols', 'instrument')} AS symbol,
    id, ${price('price')} AS price, ${quantity('quantity')} AS quantity,
    CASE flags & 3 WHEN 1 THEN 'buy' WHEN 2 THEN 'sell' END AS side, ${time('received')} AS received_time`,
}

export const QUOTE_TABLE: ParquetTable<QuoteBatch> = {
  raw: [
    ['instrument', 'UINTEGER'],
    ['bid_price', 'BIGINT'],
    ['bid_quantity', 'BIGINT'],
    ['ask_price', 'BIGINT'],
    ['ask_quantity', 'BIGINT'],
    ['time', 'BIGINT'],
    ['received', 'BIGINT'],
    ['sequence', 'BIGINT'],
  ],
  columns: (batch) => [
    batch.instrument,
    batch.bidPriceLow,
    batch.bidQuantityLow,
    batch.askPriceLow,
    batch.askQuantityLow,
    batch.eventTimeUs,
    batch.receivedTimeUs,
    batch.sequence,
  ],
  highLimbs: (batch) => [batch.bidPriceHigh, batch.bidQuantityHigh, batch.askPriceHigh, batch.askQuantityHigh],
  select: `${time('"time"')} AS "time", ${at('venues', 'instrument')} AS venue, ${at('symbols', 'instrument')} AS symbol,
    ${price('bid_price')} AS bid_price, ${quantity('bid_quantity')} AS bid_quantity, ${price('ask_price')} AS ask_price,
    ${quantity('ask_quantity')} AS ask_quantity, sequence, ${time('received')} AS received_time`,
}

const IS_TRANSFER = '(flags & 1) = 1'
const ofCard = (column: string) => `CASE WHEN NOT ${IS_TRANSFER} THEN ${column} END AS ${column}`
/** The letters of a packed code. */
const letters = (column: string) =>
  `CASE WHEN ${column} > 65535 THEN chr((${column} >> 16)::INTEGER) ELSE '' END || ` +
  `chr(((${column} >> 8) & 255)::INTEGER) || chr((${column} & 255)::INTEGER)`

/** By packed currency. */
const decimalsByCurrency = new Map<number, number>()
let amountDecimals = new Uint8Array(0)

/** Decimals of each amount, valid until the next call. */
function amountDecimalsOf({ currency, count }: PaymentBatch): Uint8Array {
  if (amountDecimals.length < count) amountDecimals = new Uint8Array(count)
  for (let row = 0; row < count; row++) {
    const packed = currency[row]!
    let decimals = decimalsByCurrency.get(packed)
    if (decimals === undefined) {
      decimals = currencyDecimals(codeText(packed))
      decimalsByCurrency.set(packed, decimals)
    }
    amountDecimals[row] = decimals
  }
  return amountDecimals
}

export const PAYMENT_TABLE: ParquetTable<PaymentBatch> = {
  raw: [
    ['id', 'BIGINT'],
    ['time', 'BIGINT'],
    ['received', 'BIGINT'],
    ['customer', 'UINTEGER'],
    ['card', 'UINTEGER'],
    ['merchant', 'UINTEGER'],
    ['terminal', 'UINTEGER'],
    ['counterparty', 'UINTEGER'],
    ['amount', 'BIGINT'],
    ['currency', 'UINTEGER'],
    ['country', 'UINTEGER'],
    ['x', 'UINTEGER'],
    ['y', 'UINTEGER'],
    ['flags', 'UTINYINT'],
    ['amount_decimals', 'UTINYINT'],
  ],
  columns: (batch) => [...batch.columns, amountDecimalsOf(batch)],
  highLimbs: () => [],
  select: `${time('"time"')} AS "time", id, CASE WHEN ${IS_TRANSFER} THEN 'transfer' ELSE 'card' END AS kind,
    customer, ${ofCard('card')}, ${ofCard('merchant')}, ${ofCard('terminal')},
    CASE WHEN ${IS_TRANSFER} THEN counterparty END AS counterparty,
    CASE WHEN ${IS_TRANSFER} THEN NULL WHEN flags & 2 = 2 THEN 'online' ELSE 'terminal' END AS channel,
    ${decimalText('amount', 'amount_decimals')} AS amount, ${letters('currency')} AS currency,
    ${letters('country')} AS country, ${ofCard('x')}, ${ofCard('y')}, ${time('received')} AS received_time`,
}
