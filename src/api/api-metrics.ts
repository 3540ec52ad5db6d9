import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** Why a live client did not get everything one by one. */
export type LossReason = 'burst' | 'slow-client' | 'log-overrun'

/** What the API counts. Counted per request and per frame, never per event. */
export class ApiMetrics {
  readonly requests: Counter<'method' | 'route' | 'status'>
  readonly requestSeconds: Histogram<'route'>
  readonly sessions: Gauge
  readonly sessionsOpened: Counter
  readonly sessionsClosed: Counter<'code'>
  readonly frames: Counter
  readonly bytes: Counter
  readonly losses: Counter<'reason'>
  readonly rejectedMessages: Counter

  constructor(registry: Registry, sessionCount: () => number) {
    const registers = [registry]
    this.requests = new Counter({
      name: 'finpulse_api_requests_total',
      help: 'HTTP requests answered',
      labelNames: ['method', 'route', 'status'],
      registers,
    })
    this.requestSeconds = new Histogram({
      name: 'finpulse_api_request_duration_seconds',
      help: 'Time to answer an HTTP request',
      labelNames: ['route'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2],
      registers,
    })
    this.sessions = new Gauge({
      name: 'finpulse_api_sessions_count',
      help: 'Open WebSocket sessions',
      registers,
      collect() {
        this.set(sessionCount())
      },
    })
    this.sessionsOpened = new Counter({
      name: 'finpulse_api_sessions_opened_total',
      help: 'WebSocket sessions opened',
      registers,
    })
    this.sessionsClosed = new Counter({
      name: 'finpulse_api_sessions_closed_total',
      help: 'WebSocket sessions ended, by close code',
      labelNames: ['code'],
      registers,
    })
    this.frames = new Counter({ name: 'finpulse_api_frames_total', help: 'Live frames sent', registers })
    this.bytes = new Counter({ name: 'finpulse_api_frame_bytes_total', help: 'Bytes of live frames sent', registers })
    this.losses = new Counter({
      name: 'finpulse_api_losses_total',
      help: 'Live updates left out, and stated to the client, by reason',
      labelNames: ['reason'],
      registers,
    })
    this.rejectedMessages = new Counter({
      name: 'finpulse_api_rejected_messages_total',
      help: 'Client messages answered with an error',
      registers,
    })
  }
}
