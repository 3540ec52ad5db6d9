import type { WebSocket } from 'ws'
import type { Alert } from '../../src/events/alert.ts'
import type { Candle } from '../../src/events/candle.ts'
import type { Quote, Trade } from '../../src/events/trade.ts'
import type { Channel, ServerMessage, SymbolFilter } from '../../src/protocol/live.ts'

/** A socket between a session and a client of the simulation: what is sent waits until the client reads. */
export class SimulatedSocket {
  readonly OPEN = 1
  readyState = 1
  bufferedAmount = 0
  /** Largest `bufferedAmount` ever, and largest single send. */
  bufferedMaxBytes = 0
  sendMaxBytes = 0
  readonly #waiting: string[] = []

  send(data: string | Buffer): void {
    const text = data.toString()
    this.#waiting.push(text)
    this.bufferedAmount += text.length
    this.bufferedMaxBytes = Math.max(this.bufferedMaxBytes, this.bufferedAmount)
    this.sendMaxBytes = Math.max(this.sendMaxBytes, text.length)
  }

  read(): string[] {
    this.bufferedAmount = 0
    return this.#waiting.splice(0)
  }

  ping(): void {}

  close(): void {
    this.readyState = 3
  }

  terminate(): void {
    this.readyState = 3
  }

  /** What a session needs of a real one. */
  asWebSocket(): WebSocket {
    return this as unknown as WebSocket
  }
}

export interface Subscription {
  readonly channel: Channel
  readonly symbols: SymbolFilter
}

/** What a client knows from one connection: a snapshot of each subscription, then changes. */
export class ClientView {
  readonly quotes = new Map<string, string>()
  readonly candles = new Map<string, string>()
  /** Candles and quotes that came with a snapshot and have not changed since. */
  readonly fromSnapshot = new Set<string>()
  /** Trades of the snapshot, then all that followed, as JSON, by symbol. */
  readonly snapshotTrades = new Map<string, string[]>()
  readonly trades = new Map<string, string[]>()
  readonly alerts = new Map<string, string>()
  readonly lossByChannel = new Map<Channel, number>()
  readonly answered = new Set<Channel>()
  readonly errors: string[] = []
  #snapshotOf: Channel | undefined

  take(text: string): void {
    const message = JSON.parse(text) as ServerMessage
    if (message.type === 'subscribed') {
      this.#snapshotOf = message.channel
      this.answered.add(message.channel)
    } else if (message.type === 'loss') {
      this.lossByChannel.set(message.channel, (this.lossByChannel.get(message.channel) ?? 0) + message.missedCount)
    } else if (message.type === 'error') {
      this.errors.push(`${message.code}: ${message.detail}`)
    } else if (message.type === 'frame') {
      for (const quote of message.quotes ?? []) this.#set(this.quotes, instrumentKey(quote), quote)
      for (const candle of message.candles ?? []) this.#set(this.candles, candleKey(candle), candle)
      for (const alert of message.alerts ?? []) this.alerts.set(alert.id, JSON.stringify(alert))
      const into = this.#snapshotOf === 'trades' ? this.snapshotTrades : this.trades
      for (const trade of message.trades ?? [])
        into.set(trade.symbol, [...(into.get(trade.symbol) ?? []), JSON.stringify(trade)])
      this.#snapshotOf = undefined
    }
  }

  #set(rows: Map<string, string>, key: string, row: object): void {
    rows.set(key, JSON.stringify(row))
    if (this.#snapshotOf === undefined) this.fromSnapshot.delete(key)
    else this.fromSnapshot.add(key)
  }
}

export function instrumentKey({ venue, symbol }: Pick<Quote | Trade | Alert, 'venue' | 'symbol'>): string {
  return `${venue}/${symbol}`
}

export function candleKey({ venue, symbol, interval, openTimeMs }: Candle): string {
  return `${venue}/${symbol}/${interval}/${openTimeMs}`
}

/** A client of any temper: reads or does not read, and comes back when it was cut off. */
export class SimulatedClient {
  readonly subscriptions: readonly Subscription[]
  view = new ClientView()
  socket: SimulatedSocket | undefined
  isReading = true

  constructor(subscriptions: readonly Subscription[]) {
    this.subscriptions = subscriptions
  }

  get isConnected(): boolean {
    return this.socket?.readyState === 1
  }

  /** What it asked for was not there yet, or not now: it comes back and asks again. */
  get wasTurnedAway(): boolean {
    return this.view.errors.some((text) => /^(symbol-unknown|not-ready):/.test(text))
  }

  /** A new connection begins with a snapshot, so what was known before is forgotten. */
  connect(): SimulatedSocket {
    this.view = new ClientView()
    this.socket = new SimulatedSocket()
    this.isReading = true
    return this.socket
  }

  readAll(): void {
    for (const text of this.socket?.read() ?? []) this.view.take(text)
  }
}
