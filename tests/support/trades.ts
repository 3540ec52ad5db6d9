import { type DecimalDigits, parseDecimalText, scaleDigits } from '../../src/base/decimal.ts'
import type { InstrumentTable } from '../../src/events/instrument.ts'
import { flagsFromTakerSide } from '../../src/events/json.ts'
import type { TakerSide } from '../../src/events/trade.ts'
import { NO_ID, OFF_MARKET, TradeBatch } from '../../src/events/trade-batch.ts'

/** A trade as tests write it down. */
export interface TestTrade {
  readonly symbol?: string
  readonly venue?: string
  readonly timeMs: number
  readonly price: string
  readonly quantity: string
  readonly id?: number
  readonly tradeCount?: number
  readonly side?: TakerSide
  readonly isOffMarket?: boolean
}

/** A batch over `instruments`; decimals come from the texts, as they do from a feed. */
export function batchOf(instruments: InstrumentTable, trades: readonly TestTrade[]): TradeBatch {
  const batch = new TradeBatch(instruments, Math.max(1, trades.length))
  const parsed = trades.map((trade) => ({ trade, price: parse(trade.price), quantity: parse(trade.quantity) }))
  for (const { trade, price, quantity } of parsed) {
    instruments.register(trade.venue ?? 'test', trade.symbol ?? 'ABC', price.decimals, quantity.decimals)
  }
  for (const { trade, price, quantity } of parsed) {
    const index = instruments.find(trade.venue ?? 'test', trade.symbol ?? 'ABC') as number
    const { priceDecimals, quantityDecimals } = instruments.at(index)
    scaleDigits(price, priceDecimals - price.decimals)
    scaleDigits(quantity, quantityDecimals - quantity.decimals)
    const row = batch.count++
    batch.instrument[row] = index
    batch.priceLow[row] = price.low
    batch.priceHigh[row] = price.high
    batch.quantityLow[row] = quantity.low
    batch.quantityHigh[row] = quantity.high
    batch.eventTimeUs[row] = Math.round(trade.timeMs * 1000)
    batch.receivedTimeUs[row] = batch.eventTimeUs[row]!
    batch.id[row] = trade.id ?? NO_ID
    batch.tradeCount[row] = trade.tradeCount ?? 1
    batch.flags[row] = flagsFromTakerSide(trade.side ?? 'unknown') | (trade.isOffMarket ? OFF_MARKET : 0)
  }
  return batch
}

function parse(text: string): DecimalDigits {
  const digits: DecimalDigits = { low: 0, high: 0, decimals: 0 }
  if (!parseDecimalText(text, digits)) throw new Error(`not a decimal: ${text}`)
  return digits
}
