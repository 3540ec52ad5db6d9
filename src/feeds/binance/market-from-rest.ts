import { EVENT_TIME_MAX_US } from '../../events/limits.ts'
import { TAKER_BUY, TAKER_SELL } from '../../events/trade-batch.ts'
import { type Refusal, readPositiveText, type TradeRow } from '../rows/market-row.ts'
import type { BinanceTradeStream } from './binance-options.ts'
import type { RestRow } from './rest-requests.ts'

/** The row's id in its stream: of the trade, or of the aggregate; NaN where it has none. */
export function restIdOf(row: RestRow, stream: BinanceTradeStream): number {
  const id = stream === 'trade' ? row.id : row.a
  return Number.isSafeInteger(id) && (id as number) >= 0 ? (id as number) : Number.NaN
}

/**
 * A row of `historicalTrades` (`id, price, qty, time, isBuyerMaker`) or `aggTrades` (`a, p, q, f, l, T, m`) as a trade,
 * the same as the stream's message of that id gives. Leaves `receivedTimeUs` to the caller.
 */
export function tradeFromRest(row: RestRow, stream: BinanceTradeStream, into: TradeRow): Refusal | undefined {
  return stream === 'trade'
    ? readTrade(into, row.id, row.id, row.price, row.qty, row.time, row.isBuyerMaker)
    : readTrade(into, row.f, row.l, row.p, row.q, row.T, row.m)
}

function readTrade(
  into: TradeRow,
  firstId: unknown,
  lastId: unknown,
  price: unknown,
  quantity: unknown,
  timeMs: unknown,
  isBuyerMaker: unknown,
): Refusal | undefined {
  if (!Number.isSafeInteger(firstId) || !Number.isSafeInteger(lastId)) {
    return { reason: 'invalid-id', detail: `id: expected integers, got ${String(firstId)} to ${String(lastId)}` }
  }
  into.id = firstId as number
  into.tradeCount = (lastId as number) - into.id + 1
  if (!(into.id >= 0 && into.tradeCount >= 1 && into.tradeCount < 2 ** 32)) {
    return { reason: 'invalid-id', detail: `id: expected first and last in order, got ${firstId} to ${lastId}` }
  }
  into.eventTimeUs = typeof timeMs === 'number' ? Math.round(timeMs * 1000) : Number.NaN
  if (!(into.eventTimeUs >= 0 && into.eventTimeUs < EVENT_TIME_MAX_US)) {
    return { reason: 'invalid-time', detail: `time: expected ms since 1970, got ${String(timeMs)}` }
  }
  if (typeof isBuyerMaker !== 'boolean') {
    return { reason: 'invalid-side', detail: `buyer is maker: expected true or false, got ${String(isBuyerMaker)}` }
  }
  // The buyer was waiting in the book, so the seller was the aggressor.
  into.flags = isBuyerMaker ? TAKER_SELL : TAKER_BUY
  return (
    readPositiveText('price', String(price), into.price) ??
    readPositiveText('quantity', String(quantity), into.quantity)
  )
}
