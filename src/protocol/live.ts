import type { Alert } from '../events/alert.ts'
import type { Candle } from '../events/candle.ts'
import type { Interval } from '../events/interval.ts'
import type { Quote, Trade } from '../events/trade.ts'

/** Raised when a message changes so that an older client would misread it. */
export const PROTOCOL_VERSION = 1

/**
 * Changes of this many ms are merged into one frame. A connection may ask for another interval, from 0 (a frame after
 * each commit) to 1000, by `?frameIntervalMs=` in its URL.
 */
export const FRAME_INTERVAL_MS = 100

export type Channel = 'quotes' | 'trades' | 'alerts' | `candles:${Interval}`

/** `*` is every symbol, those that appear later included. */
export type SymbolFilter = '*' | readonly string[]

export interface SubscribeMessage {
  readonly type: 'subscribe'
  readonly channel: Channel
  readonly symbols: SymbolFilter
}

/** Takes back a subscription; without `symbols` the whole channel. */
export interface UnsubscribeMessage {
  readonly type: 'unsubscribe'
  readonly channel: Channel
  readonly symbols?: SymbolFilter
}

export interface PingMessage {
  readonly type: 'ping'
  /** Given back in the pong. */
  readonly id?: number
}

export type ClientMessage = SubscribeMessage | UnsubscribeMessage | PingMessage

/** The first message on every connection. */
export interface WelcomeMessage {
  readonly type: 'welcome'
  readonly protocolVersion: number
  /** Identity of the log behind this server; another one means that everything begins anew. */
  readonly epoch: string
  readonly serverTimeMs: number
  readonly frameIntervalMs: number
}

/** Answer to subscribe and unsubscribe: what the channel now holds. */
export interface SubscribedMessage {
  readonly type: 'subscribed'
  readonly channel: Channel
  readonly symbols: SymbolFilter
}

/**
 * All that changed since the last frame, for the subscriptions of this connection. Quotes and candles are the latest of
 * each key; trades and alerts are every one, in order within a symbol. The first frame after a `subscribed` is the
 * snapshot of what was subscribed to: the latest quotes and open candles, the last trades and alerts, oldest first.
 */
export interface FrameMessage {
  readonly type: 'frame'
  readonly serverTimeMs: number
  readonly quotes?: readonly Quote[]
  readonly trades?: readonly Trade[]
  readonly candles?: readonly Candle[]
  readonly alerts?: readonly Alert[]
}

/**
 * The client was too slow, or a burst too large: so many updates were left out, before those of the next frame, and are
 * to be read by REST if needed.
 */
export interface LossMessage {
  readonly type: 'loss'
  readonly channel: Channel
  readonly missedCount: number
}

/**
 * The log began a new epoch (a replay was moved): forget everything shown so far. Subscriptions stay, and the frames
 * that follow carry the new log from its start.
 */
export interface ResetMessage {
  readonly type: 'reset'
  readonly epoch: string
}

export interface PongMessage {
  readonly type: 'pong'
  readonly id?: number
}

export interface ErrorMessage {
  readonly type: 'error'
  readonly code: string
  readonly detail: string
}

export type ServerMessage =
  | WelcomeMessage
  | SubscribedMessage
  | FrameMessage
  | LossMessage
  | ResetMessage
  | PongMessage
  | ErrorMessage

/** Close codes from 3000 to 3499: reconnect with back-off. From 3500: do not. */
export const CLOSE_CODES = {
  /** The server is stopping or restarting. */
  shutdown: 3001,
  /** The client did not read for too long. */
  slow: 3008,
  /** The path or a message was not understood. */
  badRequest: 3500,
  /** No such symbol. */
  unknownSymbol: 3501,
  /** More messages per second than are allowed. */
  tooManyMessages: 3502,
} as const
