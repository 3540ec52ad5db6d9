import { Counter, Gauge, type Registry } from 'prom-client'

/** Why the facade ended a connection, or the client did. */
export type CloseReason =
  | 'client'
  | 'slow-client'
  | 'too-many-messages'
  | 'no-pong'
  | 'old-age'
  | 'log-reset'
  | 'shutdown'
  | 'chaos'

/** Why something is not on a stream. */
export type LossReason = 'log-overrun' | 'silence' | 'no-id' | 'candle-queue-full'

/** What the venue facade counts. */
export class VenueMetrics {
  readonly connections: Gauge
  readonly opened: Counter
  readonly closed: Counter<'reason'>
  readonly refused: Counter<'status'>
  readonly losses: Counter<'reason'>

  constructor(registry: Registry, connectionCount: () => number) {
    const registers = [registry]
    this.connections = new Gauge({
      name: 'finpulse_venue_connections_count',
      help: 'Open WebSocket connections of the venue facade',
      registers,
      collect() {
        this.set(connectionCount())
      },
    })
    this.opened = new Counter({
      name: 'finpulse_venue_connections_opened_total',
      help: 'WebSocket connections of the venue facade opened',
      registers,
    })
    this.closed = new Counter({
      name: 'finpulse_venue_connections_closed_total',
      help: 'WebSocket connections of the venue facade ended, by reason',
      labelNames: ['reason'],
      registers,
    })
    this.refused = new Counter({
      name: 'finpulse_venue_refused_total',
      help: 'Requests and connection attempts that the venue facade refused, by status',
      labelNames: ['status'],
      registers,
    })
    this.losses = new Counter({
      name: 'finpulse_venue_losses_total',
      help: 'Messages that clients of the venue facade were not sent, by reason',
      labelNames: ['reason'],
      registers,
    })
  }
}
