import { expect, it } from 'vitest'
import type { Quote, Trade } from '../../../src/events/trade.ts'
import { PENDING_MAX_COUNT, PendingFrame } from './pending-frame.ts'

const quote = (symbol: string, bidPrice: string): Quote => ({
  type: 'quote',
  venue: 'sim',
  symbol,
  bidPrice,
  bidQuantity: '1',
  askPrice: '2',
  askQuantity: '1',
  eventTimeMs: 0,
  receivedTimeMs: 0,
})

const trade = (id: number): Trade => ({
  type: 'trade',
  venue: 'sim',
  symbol: 'V',
  id,
  price: '1',
  quantity: '1',
  takerSide: 'buy',
  eventTimeMs: 0,
  receivedTimeMs: 0,
})

it('keeps the latest quote of each symbol and every trade in order', () => {
  const pending = new PendingFrame()
  pending.add({ type: 'frame', serverTimeMs: 1, quotes: [quote('V', '1.0')], trades: [trade(1), trade(2)] })
  pending.add({ type: 'frame', serverTimeMs: 2, quotes: [quote('V', '1.1'), quote('JPM', '5')], trades: [trade(3)] })
  const update = pending.take()
  expect(update.serverTimeMs).toBe(2)
  expect(update.quotes.map((each) => each.bidPrice)).toEqual(['1.1', '5'])
  expect(update.trades.map((each) => each.id)).toEqual([1, 2, 3])
  expect(pending.take().trades).toEqual([])
})

it('holds a bounded number of trades on a page that never draws, and counts the rest', () => {
  const pending = new PendingFrame()
  for (let id = 0; id < PENDING_MAX_COUNT + 5; id++) {
    pending.add({ type: 'frame', serverTimeMs: id, trades: [trade(id)] })
  }
  const update = pending.take()
  expect(update.trades).toHaveLength(PENDING_MAX_COUNT)
  expect(update.trades[0]!.id).toBe(5)
  expect(update.missedTradeCount).toBe(5)
  expect(pending.take().missedTradeCount).toBe(0)
})
