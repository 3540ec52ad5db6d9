import { Counter, Gauge, type Registry } from 'prom-client'
import type { FeedStatus, RepairStatus } from '../feeds/feed.ts'

interface Figure {
  readonly kind: typeof Counter | typeof Gauge
  readonly name: string
  readonly help: string
  /** Undefined where the feed has no such figure. */
  readonly read: (feed: FeedStatus) => number | undefined
}

const FIGURES: readonly Figure[] = [
  {
    kind: Counter,
    name: 'finpulse_feeds_reconnects_total',
    help: 'Connections that had to be made again.',
    read: (feed) => feed.reconnects,
  },
  {
    kind: Counter,
    name: 'finpulse_feeds_queue_waits_total',
    help: 'Waits of the sockets for the reader.',
    read: (feed) => feed.queueWaits,
  },
  {
    kind: Gauge,
    name: 'finpulse_feeds_queue_records',
    help: 'Inputs received and not read yet.',
    read: (feed) => feed.queueCount,
  },
  {
    kind: Gauge,
    name: 'finpulse_feeds_clock_ahead_seconds',
    help: "How far the venue's clock is ahead of ours.",
    read: ({ clockAheadMs }) => (clockAheadMs === null ? undefined : clockAheadMs / 1000),
  },
  {
    kind: Counter,
    name: 'finpulse_feeds_gaps_total',
    help: 'Gaps in the trade ids of a source.',
    read: ({ repairs }) => repairs?.gapCount,
  },
  {
    kind: Counter,
    name: 'finpulse_feeds_missing_trades_total',
    help: 'Trades in those gaps.',
    read: ({ repairs }) => repairs?.missingCount,
  },
  {
    kind: Gauge,
    name: 'finpulse_feeds_unrepaired_trades',
    help: 'Of the missing trades, those still to be repaired.',
    read: ({ repairs }) => repairs?.outstandingCount,
  },
  {
    kind: Counter,
    name: 'finpulse_feeds_repair_requests_total',
    help: 'Requests for missing trades.',
    read: ({ repairs }) => repairs?.requestCount,
  },
]

const OUTCOMES: Readonly<Record<string, (repairs: RepairStatus) => number>> = {
  repaired: (repairs) => repairs.repairedCount,
  absent: (repairs) => repairs.absentCount,
  'given-up': (repairs) => repairs.givenUpCount,
}

/** Registers how the feeds are: connections, gaps and what became of them. @param feeds read when metrics are asked for */
export function registerFeedMetrics(registry: Registry, feeds: () => readonly FeedStatus[]): void {
  const registers = [registry]
  for (const { kind: Metric, name, help, read } of FIGURES) {
    const metric: Counter | Gauge = new Metric({
      name,
      help,
      labelNames: ['feed'],
      registers,
      collect() {
        metric.reset()
        for (const feed of feeds()) {
          const value = read(feed)
          if (value !== undefined) metric.inc({ feed: feed.name }, value)
        }
      },
    })
  }
  new Counter({
    name: 'finpulse_feeds_settled_trades_total',
    help: 'Trades of gaps that are settled: repaired, absent at the source, or given up.',
    labelNames: ['feed', 'outcome'],
    registers,
    collect() {
      this.reset()
      for (const { name, repairs } of feeds()) {
        if (repairs === undefined) continue
        for (const [outcome, read] of Object.entries(OUTCOMES)) this.inc({ feed: name, outcome }, read(repairs))
      }
    },
  })
}
