import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { decodeTrades } from '../events/batch-codec.ts'
import { InstrumentTable } from '../events/instrument.ts'
import { tradeAt } from '../events/json.ts'
import type { MarketLabel } from '../events/label.ts'
import type { Trade } from '../events/trade.ts'
import { SimulatorFeed } from '../feeds/simulator/simulator-feed.ts'
import { MemoryEventLog } from '../log/memory/memory-event-log.ts'
import { recordsOf, testPipeline } from './testing/test-pipeline.ts'

/* Goal: what is injected into a running market is felt in its trades, and its label comes on the topic of labels. */

const labelsIn = (log: MemoryEventLog) => recordsOf<MarketLabel>(log, 'labels')

async function tradesIn(log: MemoryEventLog): Promise<Trade[]> {
  const instruments = new InstrumentTable()
  const trades: Trade[] = []
  for (const { payload } of await log.read('market.trades', 0, 0, 1e9)) {
    const batch = decodeTrades(payload, instruments)
    for (let row = 0; row < batch.count; row++) trades.push(tradeAt(batch, row))
  }
  return trades
}

it('an anomaly that is injected into a running market is in its trades, and then in the labels', async () => {
  const log = new MemoryEventLog({ clock: systemClock })
  const options = { symbols: ['AAPL', 'MSFT'], ratePerSecond: 2000, seed: 3, backfillUs: 2e6 }
  const pipeline = testPipeline({
    log,
    openFeed: async (position) => new SimulatorFeed(options, systemClock, position),
    onFailure: (error) => expect.unreachable(String(error)),
  })
  await pipeline.start()
  const feed = pipeline.feed as SimulatorFeed
  await expect.poll(() => feed.progress().isDone).toBe(true)
  const label = feed.inject({ kind: 'price-spike', symbol: 'MSFT', magnitude: 40, durationMs: 300 })
  expect(label).toMatchObject({ kind: 'price-spike', symbol: 'MSFT', toMs: label.fromMs + 300 })
  expect(await labelsIn(log)).toEqual([])
  await expect.poll(() => labelsIn(log), { timeout: 5000 }).toEqual([label])
  await delay(50)
  await pipeline.stop()
  const trades = await tradesIn(log)
  const isInside = ({ symbol, eventTimeMs }: Trade) =>
    symbol === 'MSFT' && eventTimeMs >= label.fromMs && eventTimeMs < label.toMs
  const usual = trades.find(({ symbol }) => symbol === 'MSFT')!
  const timesOf = ({ price }: Trade) => Number(price) / Number(usual.price)
  const inside = trades.filter(isInside)
  expect(inside.length).toBeGreaterThan(100)
  expect(inside.filter((trade) => timesOf(trade) > 1.35).length).toBeGreaterThan(0.7 * inside.length)
  const outside = trades.filter((trade) => trade.symbol === 'MSFT' && !isInside(trade))
  expect(outside.filter((trade) => Math.abs(timesOf(trade) - 1) > 0.05)).toEqual([])
  for (const group of Map.groupBy(trades, ({ symbol }) => symbol).values()) {
    expect(group.every(({ id }, index) => id === index + 1)).toBe(true)
  }
  await log.close()
})
