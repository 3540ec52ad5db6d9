import { addBigInt, addLimbs, addProduct, digitsToBigInt, LIMB } from '../../base/decimal.ts'
import { TAKER_BUY, TAKER_SIDE_MASK } from '../../events/trade-batch.ts'

/*
 * One candle is RECORD_LENGTH doubles in a slab: no object, no allocation per trade. Prices are two limbs, sums are
 * three (see base/decimal.ts). Open and close are decided by (event time, trade id), not by arrival.
 */
export const OPEN_TIME_US = 0
export const CLOSE_TIME_US = 1
export const OPEN = 2
export const HIGH = 4
export const LOW = 6
export const CLOSE = 8
export const OPEN_KEY_TIME = 10
export const OPEN_KEY_ID = 11
export const CLOSE_KEY_TIME = 12
export const CLOSE_KEY_ID = 13
export const VOLUME = 14
export const QUOTE_VOLUME = 17
export const BUY_VOLUME = 20
export const BUY_QUOTE_VOLUME = 23
export const TRADE_COUNT = 26
export const REVISION = 27
export const MARKS = 28
/** 1 where any price has a second limb: such records take the slow way. */
export const IS_WIDE = 29
/** Trade count when a provisional form was last given out. */
export const SHOWN_COUNT = 30
export const RECORD_LENGTH = 31

export const MARK_PARTIAL = 1
export const MARK_GAPPED = 2
/** Was gapped; everything has come since. */
export const MARK_PATCHED = 4
/** Trades of the interval are not there. */
export const MARKS_INCOMPLETE = MARK_PARTIAL | MARK_GAPPED

/** Open time of a record that holds no candle. No event time lies in [-1, -1). */
export const EMPTY = -1

/** One trade as the records take it; one object is reused for all rows. */
export interface TradeRow {
  eventTimeUs: number
  id: number
  tradeCount: number
  priceLow: number
  priceHigh: number
  quantityLow: number
  quantityHigh: number
  flags: number
}

export function clearRecord(slab: Float64Array, at: number): void {
  slab.fill(0, at, at + RECORD_LENGTH)
  slab[at + OPEN_TIME_US] = EMPTY
  slab[at + CLOSE_TIME_US] = EMPTY
}

/** Begins a candle; the first trade is added by `addTrade`. */
export function startRecord(slab: Float64Array, at: number, openTimeUs: number, closeTimeUs: number): void {
  slab.fill(0, at, at + RECORD_LENGTH)
  slab[at + OPEN_TIME_US] = openTimeUs
  slab[at + CLOSE_TIME_US] = closeTimeUs
  slab[at + LOW] = Number.POSITIVE_INFINITY
  slab[at + HIGH] = -1
  slab[at + OPEN_KEY_TIME] = Number.POSITIVE_INFINITY
  slab[at + CLOSE_KEY_TIME] = -1
}

/** The hot path: adds one trade. */
export function addTrade(slab: Float64Array, at: number, row: TradeRow): void {
  if (row.priceHigh !== 0 || row.quantityHigh !== 0 || slab[at + IS_WIDE] !== 0) {
    addWideTrade(slab, at, row)
    return
  }
  const price = row.priceLow
  const quantity = row.quantityLow
  if (price > slab[at + HIGH]!) slab[at + HIGH] = price
  if (price < slab[at + LOW]!) slab[at + LOW] = price
  placeOpenAndClose(slab, at, row)
  slab[at + TRADE_COUNT]! += row.tradeCount
  const isTakerBuy = (row.flags & TAKER_SIDE_MASK) === TAKER_BUY
  addLimbs(slab, at + VOLUME, quantity, 0, 0)
  addProduct(slab, at + QUOTE_VOLUME, price, quantity)
  if (isTakerBuy) {
    addLimbs(slab, at + BUY_VOLUME, quantity, 0, 0)
    addProduct(slab, at + BUY_QUOTE_VOLUME, price, quantity)
  }
}

function placeOpenAndClose(slab: Float64Array, at: number, row: TradeRow): void {
  const time = row.eventTimeUs
  const closeTime = slab[at + CLOSE_KEY_TIME]!
  if (time > closeTime || (time === closeTime && row.id >= slab[at + CLOSE_KEY_ID]!)) {
    slab[at + CLOSE] = row.priceLow
    slab[at + CLOSE + 1] = row.priceHigh
    slab[at + CLOSE_KEY_TIME] = time
    slab[at + CLOSE_KEY_ID] = row.id
  }
  const openTime = slab[at + OPEN_KEY_TIME]!
  if (time < openTime || (time === openTime && row.id < slab[at + OPEN_KEY_ID]!)) {
    slab[at + OPEN] = row.priceLow
    slab[at + OPEN + 1] = row.priceHigh
    slab[at + OPEN_KEY_TIME] = time
    slab[at + OPEN_KEY_ID] = row.id
  }
}

function addWideTrade(slab: Float64Array, at: number, row: TradeRow): void {
  if (row.priceHigh !== 0) slab[at + IS_WIDE] = 1
  raiseHigh(slab, at, row.priceLow, row.priceHigh)
  lowerLow(slab, at, row.priceLow, row.priceHigh)
  placeOpenAndClose(slab, at, row)
  slab[at + TRADE_COUNT]! += row.tradeCount
  const quantity = digitsToBigInt(row.quantityLow, row.quantityHigh)
  const notional = digitsToBigInt(row.priceLow, row.priceHigh) * quantity
  addBigInt(slab, at + VOLUME, quantity)
  addBigInt(slab, at + QUOTE_VOLUME, notional)
  if ((row.flags & TAKER_SIDE_MASK) === TAKER_BUY) {
    addBigInt(slab, at + BUY_VOLUME, quantity)
    addBigInt(slab, at + BUY_QUOTE_VOLUME, notional)
  }
}

function raiseHigh(slab: Float64Array, at: number, low: number, high: number): void {
  const known = slab[at + HIGH + 1]!
  if (high > known || (high === known && low > slab[at + HIGH]!)) {
    slab[at + HIGH] = low
    slab[at + HIGH + 1] = high
  }
}

function lowerLow(slab: Float64Array, at: number, low: number, high: number): void {
  const known = slab[at + LOW + 1]!
  const isUnset = slab[at + LOW] === Number.POSITIVE_INFINITY
  if (isUnset || high < known || (high === known && low < slab[at + LOW]!)) {
    slab[at + LOW] = low
    slab[at + LOW + 1] = high
  }
}

/** Adds the candle at `from` to the candle at `into`, exactly as if its trades had been added one by one. */
export function mergeRecord(slab: Float64Array, into: number, from: number): void {
  if (slab[from + IS_WIDE] !== 0) slab[into + IS_WIDE] = 1
  raiseHigh(slab, into, slab[from + HIGH]!, slab[from + HIGH + 1]!)
  lowerLow(slab, into, slab[from + LOW]!, slab[from + LOW + 1]!)
  if (isBefore(slab, from + OPEN_KEY_TIME, into + OPEN_KEY_TIME)) {
    slab.copyWithin(into + OPEN, from + OPEN, from + OPEN + 2)
    slab.copyWithin(into + OPEN_KEY_TIME, from + OPEN_KEY_TIME, from + OPEN_KEY_TIME + 2)
  }
  if (!isBefore(slab, from + CLOSE_KEY_TIME, into + CLOSE_KEY_TIME)) {
    slab.copyWithin(into + CLOSE, from + CLOSE, from + CLOSE + 2)
    slab.copyWithin(into + CLOSE_KEY_TIME, from + CLOSE_KEY_TIME, from + CLOSE_KEY_TIME + 2)
  }
  for (let sum = VOLUME; sum <= BUY_QUOTE_VOLUME; sum += 3) {
    addLimbs(slab, into + sum, slab[from + sum]!, slab[from + sum + 1]!, slab[from + sum + 2]!)
  }
  slab[into + TRADE_COUNT]! += slab[from + TRADE_COUNT]!
  slab[into + MARKS]! |= slab[from + MARKS]! & (MARK_GAPPED | MARK_PATCHED)
}

function isBefore(slab: Float64Array, a: number, b: number): boolean {
  return slab[a]! < slab[b]! || (slab[a] === slab[b] && slab[a + 1]! < slab[b + 1]!)
}

/** Brings a record to `pricePlaces` and `quantityPlaces` more decimals. */
export function rescaleRecord(slab: Float64Array, at: number, pricePlaces: number, quantityPlaces: number): void {
  const priceFactor = 10n ** BigInt(pricePlaces)
  for (const price of [OPEN, HIGH, LOW, CLOSE]) {
    const digits = digitsToBigInt(slab[at + price]!, slab[at + price + 1]!) * priceFactor
    setBigInt(slab, at + price, digits, 2)
    if (digits >= BigInt(LIMB)) slab[at + IS_WIDE] = 1
  }
  for (const [sum, places] of [
    [VOLUME, quantityPlaces],
    [QUOTE_VOLUME, pricePlaces + quantityPlaces],
    [BUY_VOLUME, quantityPlaces],
    [BUY_QUOTE_VOLUME, pricePlaces + quantityPlaces],
  ] as const) {
    const digits = digitsToBigInt(slab[at + sum]!, slab[at + sum + 1]!, slab[at + sum + 2]!)
    setBigInt(slab, at + sum, digits * 10n ** BigInt(places), 3)
  }
}

function setBigInt(slab: Float64Array, at: number, value: bigint, limbCount: number): void {
  let rest = value
  for (let limb = 0; limb < limbCount; limb++) {
    slab[at + limb] = Number(rest % BigInt(LIMB))
    rest /= BigInt(LIMB)
  }
}
