import { type DecimalDigits, DIGITS_LIMIT, LIMB, POWERS_OF_TEN, scaleDigits } from '../../base/decimal.ts'
import type { InstrumentTable } from '../../events/instrument.ts'
import { INSTRUMENTS_MAX_COUNT, NOTIONAL_DIGITS_MAX } from '../../events/limits.ts'
import { QuoteBatch } from '../../events/quote-batch.ts'
import { TradeBatch } from '../../events/trade-batch.ts'
import type { QuoteRow, Refusal, TradeRow } from './market-row.ts'
import type { RowInstrument } from './row-instruments.ts'

/**
 * Fills the two batches of one step and brings every row to its instrument's decimals. An instrument starts with the
 * decimals of its first row and widens when more come; rows of this step are rescaled then.
 */
export class StepBuilder {
  readonly trades: TradeBatch
  readonly quotes: QuoteBatch
  readonly #instruments: InstrumentTable
  /** The table as `syncDecimals` saw it last; none at first. */
  #tableVersion = -1

  constructor(instruments: InstrumentTable, rowMaxCount: number) {
    this.#instruments = instruments
    this.trades = new TradeBatch(instruments, rowMaxCount)
    this.quotes = new QuoteBatch(instruments, rowMaxCount)
  }

  get isFull(): boolean {
    return this.trades.isFull || this.quotes.isFull
  }

  /** @returns why the row cannot be held; then nothing has changed */
  addTrade(instrument: RowInstrument, row: TradeRow): Refusal | undefined {
    const { price, quantity } = row
    const refusal = this.#fit(instrument, price, quantity, price, quantity)
    if (refusal !== undefined) return refusal
    const { trades } = this
    const at = trades.count
    trades.instrument[at] = instrument.index
    trades.priceLow[at] = price.low
    trades.priceHigh[at] = price.high
    trades.quantityLow[at] = quantity.low
    trades.quantityHigh[at] = quantity.high
    trades.eventTimeUs[at] = row.eventTimeUs
    trades.receivedTimeUs[at] = Number.isNaN(row.receivedTimeUs) ? row.eventTimeUs : row.receivedTimeUs
    trades.id[at] = row.id
    trades.tradeCount[at] = row.tradeCount
    trades.flags[at] = row.flags
    trades.count = at + 1
    return undefined
  }

  /** As `addTrade`. */
  addQuote(instrument: RowInstrument, row: QuoteRow): Refusal | undefined {
    const { bidPrice, bidQuantity, askPrice, askQuantity } = row
    const refusal = this.#fit(instrument, bidPrice, bidQuantity, askPrice, askQuantity)
    if (refusal !== undefined) return refusal
    const { quotes } = this
    const at = quotes.count
    quotes.instrument[at] = instrument.index
    quotes.bidPriceLow[at] = bidPrice.low
    quotes.bidPriceHigh[at] = bidPrice.high
    quotes.bidQuantityLow[at] = bidQuantity.low
    quotes.bidQuantityHigh[at] = bidQuantity.high
    quotes.askPriceLow[at] = askPrice.low
    quotes.askPriceHigh[at] = askPrice.high
    quotes.askQuantityLow[at] = askQuantity.low
    quotes.askQuantityHigh[at] = askQuantity.high
    quotes.eventTimeUs[at] = row.eventTimeUs
    quotes.receivedTimeUs[at] = Number.isNaN(row.receivedTimeUs) ? row.eventTimeUs : row.receivedTimeUs
    quotes.sequence[at] = row.sequence
    quotes.count = at + 1
    return undefined
  }

  /** Takes over what others have widened in the table meanwhile; to be called at first and after every wait. */
  syncDecimals(known: Iterable<RowInstrument>): void {
    if (this.#tableVersion === this.#instruments.version) return
    for (const instrument of known) {
      if (instrument.index < 0) continue
      const current = this.#instruments.at(instrument.index)
      this.#applyDecimals(instrument, current.priceDecimals, current.quantityDecimals)
    }
    this.#tableVersion = this.#instruments.version
  }

  /** Brings one row's decimals (the second pair may be the first) to the instrument's, or the other way round. */
  #fit(
    instrument: RowInstrument,
    price: DecimalDigits,
    quantity: DecimalDigits,
    otherPrice: DecimalDigits,
    otherQuantity: DecimalDigits,
  ): Refusal | undefined {
    const priceDecimals = Math.max(instrument.priceDecimals, price.decimals, otherPrice.decimals)
    const quantityDecimals = Math.max(instrument.quantityDecimals, quantity.decimals, otherQuantity.decimals)
    const priceDigits = Math.max(digitsAt(price, priceDecimals), digitsAt(otherPrice, priceDecimals))
    const quantityDigits = Math.max(digitsAt(quantity, quantityDecimals), digitsAt(otherQuantity, quantityDecimals))
    if (!fits(priceDigits, quantityDigits)) return overflow(instrument)
    if (
      instrument.index < 0 ||
      priceDecimals > instrument.priceDecimals ||
      quantityDecimals > instrument.quantityDecimals
    ) {
      const refusal = this.#widen(instrument, priceDecimals, quantityDecimals, priceDigits, quantityDigits)
      if (refusal !== undefined) return refusal
    }
    scaleTo(price, instrument.priceDecimals)
    scaleTo(quantity, instrument.quantityDecimals)
    scaleTo(otherPrice, instrument.priceDecimals)
    scaleTo(otherQuantity, instrument.quantityDecimals)
    if (priceDigits > instrument.priceDigitsMax) instrument.priceDigitsMax = priceDigits
    if (quantityDigits > instrument.quantityDigitsMax) instrument.quantityDigitsMax = quantityDigits
    return undefined
  }

  /**
   * Registers the instrument, or gives it more decimals. Refused where the rows seen so far could no longer be held
   * with them: else one odd row would make all others overflow.
   */
  #widen(
    instrument: RowInstrument,
    priceDecimals: number,
    quantityDecimals: number,
    priceDigits: number,
    quantityDigits: number,
  ): Refusal | undefined {
    const table = this.#instruments
    const index = table.find(instrument.venue, instrument.symbol)
    if (index === undefined && table.count >= INSTRUMENTS_MAX_COUNT) {
      return {
        reason: 'invalid-symbol',
        detail: `${instrument.symbol}: more than ${INSTRUMENTS_MAX_COUNT} instruments`,
      }
    }
    const known = index === undefined ? undefined : table.at(index)
    const nextPrice = Math.max(priceDecimals, known?.priceDecimals ?? 0)
    const nextQuantity = Math.max(quantityDecimals, known?.quantityDecimals ?? 0)
    const priceDigitsMax = Math.max(
      priceDigits * 10 ** (nextPrice - priceDecimals),
      instrument.priceDigitsMax * 10 ** (nextPrice - instrument.priceDecimals),
    )
    const quantityDigitsMax = Math.max(
      quantityDigits * 10 ** (nextQuantity - quantityDecimals),
      instrument.quantityDigitsMax * 10 ** (nextQuantity - instrument.quantityDecimals),
    )
    if (!fits(priceDigitsMax, quantityDigitsMax)) return overflow(instrument)
    instrument.index = table.register(instrument.venue, instrument.symbol, nextPrice, nextQuantity)
    this.#applyDecimals(instrument, nextPrice, nextQuantity)
    instrument.priceDigitsMax = priceDigitsMax
    instrument.quantityDigitsMax = quantityDigitsMax
    return undefined
  }

  #applyDecimals(instrument: RowInstrument, priceDecimals: number, quantityDecimals: number): void {
    const pricePlaces = priceDecimals - instrument.priceDecimals
    const quantityPlaces = quantityDecimals - instrument.quantityDecimals
    if (pricePlaces <= 0 && quantityPlaces <= 0) return
    this.trades.rescale(instrument.index, pricePlaces, quantityPlaces)
    this.quotes.rescale(instrument.index, pricePlaces, quantityPlaces)
    instrument.priceDecimals = priceDecimals
    instrument.quantityDecimals = quantityDecimals
    instrument.priceDigitsMax *= POWERS_OF_TEN[pricePlaces]!
    instrument.quantityDigitsMax *= POWERS_OF_TEN[quantityPlaces]!
  }
}

function digitsAt(value: DecimalDigits, decimals: number): number {
  const digits = value.high === 0 ? value.low : value.high * LIMB + value.low
  return decimals === value.decimals ? digits : digits * POWERS_OF_TEN[decimals - value.decimals]!
}

function scaleTo(value: DecimalDigits, decimals: number): void {
  if (value.decimals !== decimals) scaleDigits(value, decimals - value.decimals)
}

/** The digits are compared as doubles, so the bound leaves room for their rounding. */
const DIGITS_SAFE_LIMIT = DIGITS_LIMIT * (1 - 2 ** -40)

function fits(priceDigits: number, quantityDigits: number): boolean {
  const notionalDigits = priceDigits * quantityDigits
  return priceDigits < DIGITS_SAFE_LIMIT && quantityDigits < DIGITS_SAFE_LIMIT && notionalDigits < NOTIONAL_DIGITS_MAX
}

function overflow(instrument: RowInstrument): Refusal {
  return {
    reason: 'overflow',
    detail:
      `${instrument.symbol}: price and quantity have more digits than fit beside the ${instrument.priceDecimals} and ` +
      `${instrument.quantityDecimals} decimals of the instrument`,
  }
}
