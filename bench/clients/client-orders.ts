import type { SubscribeMessage } from '../../src/protocol/live.ts'

/** What the process of the WebSocket clients is asked to do. */
export interface ClientOptions {
  readonly url: string
  readonly path?: string
  readonly count: number
  readonly subscriptions: readonly SubscribeMessage[]
  /** The moments at which frames are due: `originMs + n · intervalMs`, wall clock. Absent: no delays are recorded. */
  readonly grid?: { readonly originMs: number; readonly intervalMs: number }
  /** Keeps every trade that comes in, with its time of arrival. */
  readonly keepsTrades?: boolean
}

export type ClientOrder =
  | { readonly type: 'open'; readonly options: ClientOptions }
  | { readonly type: 'measure' }
  | { readonly type: 'finish' }

export type ClientNews =
  | { readonly type: 'opened' }
  | { readonly type: 'measuring' }
  | { readonly type: 'finished'; readonly report: ClientReport }
  | { readonly type: 'failed'; readonly text: string }

/** All in ms. */
export interface Percentiles {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
  readonly count: number
}

export interface ClientReport {
  readonly seconds: number
  readonly frameCount: number
  readonly byteCount: number
  /** Updates that the server said it had left out. */
  readonly missedCount: number
  /** From the moment at which a frame was due; frames that never came count as late as the next one. */
  readonly frameDelay: Percentiles
  /** Event time of the newest quote of a frame to its arrival, at a sample of the clients. */
  readonly quoteAge: Percentiles
  readonly trades: { readonly id: Float64Array; readonly eventTimeUs: Float64Array; readonly arrivedUs: Float64Array }
}
