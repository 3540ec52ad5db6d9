import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { Random } from '../../../base/random.ts'

/** One trade as the fake venue has it. */
export interface KrakenTrade {
  readonly id: number
  /** As it is written on the wire, where it is a number. */
  readonly price: string
  readonly quantity: string
  readonly timeUs: number
  /** The venue knows times to 100 ns; the socket tells µs only. */
  readonly tenthUs: number
  readonly side: 'buy' | 'sell'
}

/** What is done to one message on its way: lost, or sent twice. */
export type KrakenMischief = 'none' | 'lose' | 'double'

interface Client {
  readonly socket: WebSocket
  /** `trade BTC/USD`. */
  readonly streams: Set<string>
}

const START_ID = 1000
const SNAPSHOT_MAX_COUNT = 50
const PAGE_MAX_COUNT = 1000

/** Speaks as much of Kraken (WebSocket v2, REST `Trades`) as the feed needs, on any free port, and misbehaves on demand. */
export class FakeKraken implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets: WebSocketServer
  readonly #clients = new Set<Client>()
  readonly #random: Random
  readonly #trades = new Map<string, KrakenTrade[]>()
  readonly #heartbeat: NodeJS.Timeout
  /** Pairs that the venue does not know. */
  readonly unknown = new Set<string>()
  /** Errors of the next requests: texts come with HTTP 200, numbers are states. */
  readonly refuseRequests: (string | number)[] = []
  readonly requests: string[] = []
  readonly subscriptions: string[] = []
  connectionCount = 0
  /** Subscriptions are not answered while true. */
  isMute = false
  isSilent = false
  /** No data is sent while true; heartbeats and answers go on. */
  isWithholding = false

  private constructor(server: Server, seed: number) {
    this.#server = server
    this.#random = new Random(seed)
    this.#sockets = new WebSocketServer({ server, path: '/v2' })
    this.#sockets.on('connection', (socket) => this.#welcome(socket))
    server.on('request', (request, response) => this.#answer(request, response))
    this.#heartbeat = setInterval(() => this.say('{"channel":"heartbeat"}'), 50)
  }

  static async start(seed = 1): Promise<FakeKraken> {
    const server = createServer()
    const venue = new FakeKraken(server, seed)
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    return venue
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get clientCount(): number {
    return this.#clients.size
  }

  tradesOf(symbol: string): readonly KrakenTrade[] {
    return this.#trades.get(symbol) ?? []
  }

  #welcome(socket: WebSocket): void {
    this.connectionCount += 1
    const client = { socket, streams: new Set<string>() }
    this.#clients.add(client)
    socket.on('close', () => this.#clients.delete(client))
    socket.on('message', (data: Buffer) => this.#take(client, data.toString()))
    if (this.isSilent) socket.pause()
    const data = [{ version: '2.0.10', system: 'online', api_version: 'v2', connection_id: 1 }]
    socket.send(JSON.stringify({ channel: 'status', type: 'update', data }))
  }

  #take(client: Client, text: string): void {
    this.subscriptions.push(text)
    if (this.isMute) return
    const { params, req_id } = JSON.parse(text) as { params: { channel: string; symbol: string[] }; req_id: number }
    const { channel } = params
    const known = params.symbol.filter((symbol) => !this.unknown.has(symbol))
    for (const symbol of params.symbol) {
      const isKnown = !this.unknown.has(symbol)
      const answer = isKnown
        ? { method: 'subscribe', req_id, result: { channel, snapshot: true, symbol }, success: true }
        : { error: `Currency pair not supported ${symbol}`, method: 'subscribe', req_id, success: false, symbol }
      client.socket.send(JSON.stringify(answer))
      if (isKnown) client.streams.add(`${channel} ${symbol}`)
    }
    if (channel !== 'trade') return
    for (const symbol of known) {
      const rows = this.tradesOf(symbol)
        .slice(-SNAPSHOT_MAX_COUNT)
        .map((trade) => rowOf(symbol, trade))
      client.socket.send(`{"channel":"trade","type":"snapshot","data":[${rows.join(',')}]}`)
    }
  }

  /** Makes trades that come in one message. @param stillUs time between a trade and the one before */
  trade(symbol: string, mischief: KrakenMischief = 'none', count = 1, stillUs = 1): readonly KrakenTrade[] {
    const made = Array.from({ length: count }, () => this.#next(symbol, stillUs))
    const text = `{"channel":"trade","type":"update","data":[${made.map((trade) => rowOf(symbol, trade)).join(',')}]}`
    if (mischief !== 'lose') this.#send(`trade ${symbol}`, text)
    if (mischief === 'double') this.#send(`trade ${symbol}`, text)
    return made
  }

  #next(symbol: string, stillUs: number): KrakenTrade {
    const trades = this.#trades.get(symbol) ?? []
    this.#trades.set(symbol, trades)
    const last = trades.at(-1)
    const nowUs = Date.now() * 1000
    const trade: KrakenTrade = {
      id: (last?.id ?? START_ID - 1) + 1,
      price: `${60_000 + this.#random.nextInt(1000)}.${1 + this.#random.nextInt(9)}`,
      quantity: this.#random.nextInt(4) === 0 ? '5e-05' : `0.${1 + this.#random.nextInt(9)}`,
      timeUs: last === undefined || (nowUs > last.timeUs && stillUs > 0) ? nowUs : last.timeUs + stillUs,
      tenthUs:
        stillUs > 0 ? this.#random.nextInt(10) : Math.min(9, Math.floor(((last?.id ?? START_ID) - START_ID) / 150)),
      side: this.#random.nextInt(2) === 1 ? 'buy' : 'sell',
    }
    trades.push(trade)
    return trade
  }

  quote(symbol: string): void {
    const row =
      `{"symbol":"${symbol}","bid":62703.4,"bid_qty":0.0318498,"ask":62710.3,"ask_qty":0.00191335,"last":62702.9,` +
      `"volume":1947.83637005,"vwap":63392.2,"low":62476.1,"high":64196.6,"change":-239.4,"change_pct":-0.38,` +
      `"timestamp":"2026-07-08T05:24:41.204829Z"}`
    this.#send(`ticker ${symbol}`, `{"channel":"ticker","type":"update","data":[${row}]}`)
  }

  #send(stream: string, text: string): void {
    for (const { socket, streams } of this.#clients)
      if (streams.has(stream) && !this.isSilent && !this.isWithholding) socket.send(text)
  }

  /** Sends any text to all clients. */
  say(text: string): void {
    if (!this.isSilent) for (const { socket } of this.#clients) socket.send(text)
  }

  /** Ends all connections at once. */
  cut(): void {
    for (const { socket } of this.#clients) socket.terminate()
  }

  /** From now on nothing comes from the open sockets, and no ping is answered, until `endSilence`. */
  beginSilence(): void {
    this.isSilent = true
    for (const { socket } of this.#clients) socket.pause()
  }

  endSilence(): void {
    this.isSilent = false
    for (const { socket } of this.#clients) socket.resume()
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(request.url ?? '')
    const refusal = this.refuseRequests.shift()
    response.writeHead(typeof refusal === 'number' ? refusal : 200, { 'Content-Type': 'application/json' })
    response.end(typeof refusal === 'string' ? JSON.stringify({ error: [refusal] }) : this.#page(request.url ?? ''))
  }

  #page(path: string): string {
    const { searchParams } = new URL(path, 'http://venue')
    const symbol = searchParams.get('pair') ?? ''
    const sinceNs = BigInt(searchParams.get('since') ?? '0')
    const page = this.tradesOf(symbol)
      .filter((trade) => nsOf(trade) >= sinceNs)
      .slice(0, PAGE_MAX_COUNT)
    const rows = page.map(({ id, price, quantity, timeUs, tenthUs, side }) => {
      const seconds = `${Math.floor(timeUs / 1e6)}.${String(timeUs % 1e6).padStart(6, '0')}${tenthUs}`
      return `["${price}","${quantity}",${seconds},"${side[0]}","l","",${id}]`
    })
    const last = page.at(-1)
    const lastNs = last === undefined ? sinceNs : nsOf(last)
    return `{"error":[],"result":{"${symbol}":[${rows.join(',')}],"last":"${lastNs}"}}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#heartbeat)
    this.cut()
    this.#sockets.close()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

function nsOf({ timeUs, tenthUs }: KrakenTrade): bigint {
  return BigInt(timeUs) * 1000n + BigInt(tenthUs) * 100n
}

function rowOf(symbol: string, { id, price, quantity, timeUs, side }: KrakenTrade): string {
  const second = new Date(Math.floor(timeUs / 1e6) * 1000).toISOString().slice(0, 19)
  const timestamp = `${second}.${String(timeUs % 1e6).padStart(6, '0')}Z`
  return (
    `{"symbol":"${symbol}","side":"${side}","price":${price},"qty":${quantity},"ord_type":"limit",` +
    `"trade_id":${id},"timestamp":"${timestamp}"}`
  )
}
