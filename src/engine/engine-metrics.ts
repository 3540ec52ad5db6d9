import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { registerFeedMetrics } from './feed-metrics.ts'
import type { PipelineStatus, StoreStatus } from './pipeline-status.ts'

export interface MetricsSource {
  pipeline(): PipelineStatus | undefined
  store(): StoreStatus | undefined
}

/** Registers what the worker threads report. Values are read when the metrics are asked for. */
export function createRegistry(source: MetricsSource): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const counter = (name: string, help: string, read: (status: PipelineStatus) => number) =>
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        const status = source.pipeline()
        this.reset()
        if (status !== undefined) this.inc(read(status))
      },
    })
  counter('finpulse_log_trades_total', 'Trades in the log since its beginning.', (status) => status.tradeCount)
  counter('finpulse_log_quotes_total', 'Quotes in the log since its beginning.', (status) => status.quoteCount)
  counter('finpulse_log_payments_total', 'Payments in the log since its beginning.', (status) => status.paymentCount)
  counter('finpulse_log_labels_total', 'Labels of generated events in the log.', (status) => status.labelCount)
  counter('finpulse_processors_candles_total', 'Candles derived, revisions included.', (status) => status.candleCount)
  counter('finpulse_processors_alerts_total', 'Alerts derived.', (status) => status.alertCount)
  counter(
    'finpulse_processors_gaps_total',
    'Gaps in trade ids that were not filled when their candles were due.',
    (status) => status.gapCount,
  )
  counter('finpulse_log_dead_letters_total', 'Refused inputs kept as dead letters.', (status) => status.deadLetterCount)
  counter('finpulse_feeds_waits_total', 'Waits of the feed for the processors.', (status) => status.backPressureCount)
  new Counter({
    name: 'finpulse_feeds_dropped_total',
    help: 'Inputs that became no event, by reason.',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [reason, count] of Object.entries(source.pipeline()?.dropped ?? {})) this.inc({ reason }, count)
    },
  })
  new Gauge({
    name: 'finpulse_engine_lag_records',
    help: 'Records behind the end of the log, by role.',
    labelNames: ['role'],
    registers: [registry],
    collect() {
      this.set({ role: 'process' }, source.pipeline()?.processLagCount ?? 0)
      this.set({ role: 'store' }, source.store()?.lagCount ?? 0)
    },
  })
  new Gauge({
    name: 'finpulse_processors_newest_event_timestamp_seconds',
    help: 'Event time of the newest trade.',
    registers: [registry],
    collect() {
      const newestTimeUs = source.pipeline()?.newestTimeUs
      if (newestTimeUs !== undefined) this.set(newestTimeUs / 1e6)
    },
  })
  registerFeedMetrics(registry, () => source.pipeline()?.feeds ?? [])
  return registry
}
