import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import type { FeedStatus } from '../feeds/feed.ts'
import { registerFeedMetrics } from './feed-metrics.ts'

const plain: FeedStatus = {
  name: 'simulator',
  state: 'running',
  sockets: [],
  clockAheadMs: null,
  reconnects: 0,
  queueCount: 0,
  queueWaits: 0,
  dropped: {},
  lastError: null,
}

const live: FeedStatus = {
  ...plain,
  name: 'binance',
  clockAheadMs: -250,
  reconnects: 2,
  repairs: {
    gapCount: 3,
    missingCount: 40,
    repairedCount: 30,
    absentCount: 1,
    givenUpCount: 4,
    outstandingCount: 5,
    requestCount: 7,
    lastError: null,
  },
}

it('tells of each feed its gaps, what became of them, and its connections', async () => {
  const registry = new Registry()
  registerFeedMetrics(registry, () => [plain, live])
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  expect(lines).toContain('finpulse_feeds_reconnects_total{feed="simulator"} 0')
  expect(lines.filter((line) => line.includes('binance'))).toEqual([
    'finpulse_feeds_reconnects_total{feed="binance"} 2',
    'finpulse_feeds_queue_waits_total{feed="binance"} 0',
    'finpulse_feeds_queue_records{feed="binance"} 0',
    'finpulse_feeds_clock_ahead_seconds{feed="binance"} -0.25',
    'finpulse_feeds_gaps_total{feed="binance"} 3',
    'finpulse_feeds_missing_trades_total{feed="binance"} 40',
    'finpulse_feeds_unrepaired_trades{feed="binance"} 5',
    'finpulse_feeds_repair_requests_total{feed="binance"} 7',
    'finpulse_feeds_settled_trades_total{feed="binance",outcome="repaired"} 30',
    'finpulse_feeds_settled_trades_total{feed="binance",outcome="absent"} 1',
    'finpulse_feeds_settled_trades_total{feed="binance",outcome="given-up"} 4',
  ])
  expect(lines.some((line) => line.startsWith('finpulse_feeds_clock_ahead_seconds{feed="simulator"}'))).toBe(false)
  expect(await registry.metrics()).toContain('finpulse_feeds_gaps_total{feed="binance"} 3')
})
