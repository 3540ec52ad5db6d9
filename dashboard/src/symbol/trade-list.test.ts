import { expect, it } from 'vitest'
import type { Trade } from '../../../src/events/trade.ts'
import { addTrades } from './trade-list.ts'

const trade = (id: number | undefined, price: string): Trade => ({
  type: 'trade',
  venue: 'sim',
  symbol: 'V',
  ...(id === undefined ? {} : { id }),
  price,
  quantity: '1',
  takerSide: 'buy',
  eventTimeMs: 5,
  receivedTimeMs: 5,
})

it('puts the newest first and says which way the price went', () => {
  const tape = addTrades([], [trade(1, '10'), trade(2, '11'), trade(3, '11'), trade(4, '9')], 10)
  expect(tape.map((entry) => [entry.trade.id, entry.step])).toEqual([
    [4, -1],
    [3, 0],
    [2, 1],
    [1, 0],
  ])
})

it('shows a trade once that both the listing and the live stream brought', () => {
  const tape = addTrades(addTrades([], [trade(1, '10'), trade(2, '11')], 10), [trade(2, '11'), trade(3, '12')], 10)
  expect(tape.map((entry) => entry.trade.id)).toEqual([3, 2, 1])
})

it('keeps equal trades without ids apart', () => {
  const tape = addTrades([], [trade(undefined, '10'), trade(undefined, '10')], 10)
  expect(new Set(tape.map((entry) => entry.key)).size).toBe(2)
})

it('stays within its length', () => {
  const trades = Array.from({ length: 50 }, (_, id) => trade(id, '1'))
  expect(addTrades([], trades, 20)).toHaveLength(20)
})
