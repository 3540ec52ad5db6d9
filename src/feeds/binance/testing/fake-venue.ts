import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { Random } from '../../../base/random.ts'

/** One trade as the fake venue has it; an aggregate of `tradeCount` trades in `aggTrade` streams. */
export interface VenueTrade {
  readonly streamId: number
  readonly firstId: number
  readonly lastId: number
  readonly price: string
  readonly quantity: string
  readonly timeMs: number
  readonly isBuyerMaker: boolean
}

export interface Refusal {
  readonly status: number
  readonly retryAfterSeconds?: number
}

interface Client {
  readonly socket: WebSocket
  readonly streams: ReadonlySet<string>
}

/** What is done to one message on its way: lost, sent twice, or sent after the next one. */
export type Mischief = 'none' | 'lose' | 'double' | 'swap'

const START_ID = 1000

/** Speaks as much of Binance as the feed needs, on any free port, and misbehaves on demand. */
export class FakeVenue implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new WebSocketServer({ noServer: true })
  readonly #clients = new Set<Client>()
  readonly #random: Random
  readonly #trades = new Map<string, VenueTrade[]>()
  readonly #swapped = new Map<Client, string>()
  /** Answers to the next WebSocket attempts, and to the next requests. */
  readonly refuseSockets: Refusal[] = []
  readonly refuseRequests: Refusal[] = []
  /** Attempts and requests so far, as their paths. */
  readonly attempts: string[] = []
  readonly requests: string[] = []
  /** Ids that the venue left out itself: never sent, never answered. */
  readonly absent = new Set<string>()
  /** Ids that it does not tell by REST as long as they are here, as `BTCUSDT/1001`. */
  readonly notYet = new Set<string>()
  /** Nothing is sent while true, not even pongs. */
  isSilent = false
  /** No data is sent while true; `withholdData` says what of the rest goes on. */
  isWithholding = false
  /** Clock of the venue less ours. */
  aheadMs = 0
  usedWeight = 0
  /** By symbol, the price of its next trades; else they are random around 150. */
  readonly prices = new Map<string, number>()
  /** Symbols that `ticker/24hr` does not know. */
  readonly unknown = new Set<string>()
  requestDelayMs = 0

  private constructor(server: Server, seed: number) {
    this.#server = server
    this.#random = new Random(seed)
  }

  static async start(seed = 1): Promise<FakeVenue> {
    const server = createServer()
    const venue = new FakeVenue(server, seed)
    server.on('request', (request, response) => venue.#answer(request, response))
    server.on('upgrade', (request, socket, head) => venue.#upgrade(request, socket, head))
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

  tradesOf(symbol: string): readonly VenueTrade[] {
    return this.#trades.get(symbol) ?? []
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.attempts.push(request.url ?? '')
    const refusal = this.refuseSockets.shift()
    if (refusal !== undefined) {
      const retryAfter = refusal.retryAfterSeconds === undefined ? '' : `Retry-After: ${refusal.retryAfterSeconds}\r\n`
      socket.end(`HTTP/1.1 ${refusal.status} No\r\n${retryAfter}Connection: close\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    const streams = new URL(request.url ?? '', 'http://venue').searchParams.get('streams') ?? ''
    this.#sockets.handleUpgrade(request, socket, head, (opened) => {
      const client = { socket: opened, streams: new Set(streams.split('/')) }
      this.#clients.add(client)
      opened.on('close', () => this.#clients.delete(client))
      // A silent venue answers no ping either.
      if (this.isSilent) opened.pause()
    })
  }

  /** Makes a trade and sends it to whoever follows the symbol. */
  trade(symbol: string, mischief: Mischief = 'none', tradeCount = 1): VenueTrade {
    const trade = this.#next(symbol, tradeCount)
    const name = symbol.toLowerCase()
    for (const stream of [`${name}@trade`, `${name}@aggTrade`]) {
      this.#send(stream, this.#messageOf(symbol, trade, stream), mischief)
    }
    return trade
  }

  #next(symbol: string, tradeCount: number): VenueTrade {
    const trades = this.#trades.get(symbol) ?? []
    this.#trades.set(symbol, trades)
    const last = trades.at(-1)
    const firstId = (last?.lastId ?? START_ID - 1) + 1
    const trade = {
      streamId:
        tradeCount === 1 && (last === undefined || last.streamId === last.lastId) ? firstId : (last?.streamId ?? 0) + 1,
      firstId,
      lastId: firstId + tradeCount - 1,
      price: (this.prices.get(symbol) ?? 100 + this.#random.nextInt(10_000) / 100).toFixed(8),
      quantity: ((1 + this.#random.nextInt(1000)) / 1000).toFixed(8),
      timeMs: Math.max(last?.timeMs ?? 0, Math.floor(Date.now() + this.aheadMs)),
      isBuyerMaker: this.#random.nextInt(2) === 1,
    }
    trades.push(trade)
    return trade
  }

  /** Makes a trade whose id the venue keeps from everybody. */
  leaveOut(symbol: string): void {
    this.absent.add(`${symbol}/${this.#next(symbol, 1).streamId}`)
  }

  quote(symbol: string, updateId: number): void {
    const data = { u: updateId, s: symbol, b: '100.00000000', B: '1.00000000', a: '100.01000000', A: '2.00000000' }
    this.#send(`${symbol.toLowerCase()}@bookTicker`, JSON.stringify(data), 'none')
  }

  #messageOf(symbol: string, trade: VenueTrade, stream: string): string {
    const { streamId, firstId, lastId, price: p, quantity: q, timeMs: T, isBuyerMaker: m } = trade
    const E = Math.floor(Date.now() + this.aheadMs)
    return stream.endsWith('@trade')
      ? JSON.stringify({ e: 'trade', E, s: symbol, t: firstId, p, q, T, m, M: true })
      : JSON.stringify({ e: 'aggTrade', E, s: symbol, a: streamId, p, q, f: firstId, l: lastId, T, m, M: true })
  }

  #send(stream: string, data: string, mischief: Mischief): void {
    const text = `{"stream":"${stream}","data":${data}}`
    for (const client of this.#clients) {
      if (!client.streams.has(stream) || this.isSilent || this.isWithholding || mischief === 'lose') continue
      const before = this.#swapped.get(client)
      if (mischief === 'swap' && before === undefined) {
        this.#swapped.set(client, text)
        continue
      }
      client.socket.send(text)
      if (mischief === 'double') client.socket.send(text)
      if (before !== undefined) client.socket.send(before)
      this.#swapped.delete(client)
    }
  }

  /** Sends any text to all clients. */
  say(text: string): void {
    for (const { socket } of this.#clients) socket.send(text)
  }

  announceShutdown(): void {
    this.say(`{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":${Date.now()}}}`)
  }

  /** Sends a ping to all clients. @returns how many answered with its payload */
  async ping(payload: string): Promise<number> {
    const answers = [...this.#clients].map(
      ({ socket }) =>
        new Promise<boolean>((resolve) => {
          socket.once('pong', (data) => resolve(data.toString() === payload))
          socket.ping(payload)
        }),
    )
    return (await Promise.all(answers)).filter(Boolean).length
  }

  /** Ends all connections at once. */
  cut(): void {
    for (const { socket } of this.#clients) socket.terminate()
    this.#swapped.clear()
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

  /**
   * From now on no data comes; the venue goes on pinging every 20 ms, over the sockets that are open now.
   * @param answersPings whether pings of the client are answered, over these sockets
   * @returns ends the pings, and data comes again over all sockets
   */
  withholdData(answersPings: boolean): () => void {
    this.isWithholding = true
    const clients = [...this.#clients]
    // Reading nothing, the venue answers nothing.
    if (!answersPings) for (const { socket } of clients) socket.pause()
    const timer = setInterval(() => {
      for (const { socket } of clients) if (socket.readyState === socket.OPEN) socket.ping()
    }, 20)
    return () => {
      clearInterval(timer)
      this.isWithholding = false
      for (const { socket } of clients) socket.resume()
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(request.url ?? '')
    const refusal = this.refuseRequests.shift()
    if (refusal === undefined) {
      const url = new URL(request.url ?? '', 'http://venue')
      const isTicker = url.pathname.endsWith('/ticker/24hr')
      const answer = () => (isTicker ? this.#answerTickers(url, response) : this.#answerTrades(url, response))
      setTimeout(answer, this.requestDelayMs)
      return
    }
    const { status, retryAfterSeconds } = refusal
    response.writeHead(status, retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) })
    response.end('{"code":-1003,"msg":"Too much request weight used."}')
  }

  #answerTrades({ pathname, searchParams }: URL, response: ServerResponse): void {
    const symbol = searchParams.get('symbol') ?? ''
    const limit = Number(searchParams.get('limit') ?? 500)
    const fromId = searchParams.get('fromId')
    const isHidden = (name: string) => this.absent.has(name) || this.notYet.has(name)
    const known = this.tradesOf(symbol).filter(({ streamId }) => !isHidden(`${symbol}/${streamId}`))
    const rows =
      fromId === null ? known.slice(-limit) : known.filter(({ streamId }) => streamId >= Number(fromId)).slice(0, limit)
    const isAggregate = pathname.endsWith('/aggTrades')
    const body = rows.map(({ streamId, firstId, lastId, price, quantity, timeMs, isBuyerMaker }) =>
      isAggregate
        ? { a: streamId, p: price, q: quantity, f: firstId, l: lastId, T: timeMs, m: isBuyerMaker, M: true }
        : { id: firstId, price, qty: quantity, quoteQty: '0', time: timeMs, isBuyerMaker, isBestMatch: true },
    )
    this.usedWeight += 1
    response.writeHead(200, { 'Content-Type': 'application/json', 'X-MBX-USED-WEIGHT-1M': String(this.usedWeight) })
    response.end(JSON.stringify(body))
  }

  #answerTickers({ pathname, searchParams }: URL, response: ServerResponse): void {
    const asked = searchParams.get('symbols')
    const symbols = asked === null ? [...this.#trades.keys()] : (JSON.parse(asked) as string[])
    this.usedWeight += 2
    const isRefused = symbols.some((symbol) => this.unknown.has(symbol))
    const headers = { 'Content-Type': 'application/json', 'X-MBX-USED-WEIGHT-1M': String(this.usedWeight) }
    response.writeHead(isRefused ? 400 : 200, headers)
    const isSpot = pathname.startsWith('/api/')
    const body = isRefused
      ? { code: -1121, msg: 'Invalid symbol.' }
      : symbols.map((symbol) => this.#tickerOf(symbol, isSpot))
    response.end(JSON.stringify(body))
  }

  /** Statistics of all trades, as if they were of 24 hours. USD-M tells no best prices here. */
  #tickerOf(symbol: string, isSpot: boolean): object {
    const trades = this.tradesOf(symbol)
    const last = trades.at(-1)
    const price = last?.price ?? '0.00000000'
    const volume = trades.reduce((sum, { quantity }) => sum + Number(quantity), 0)
    return {
      symbol,
      lastPrice: price,
      lastQty: last?.quantity ?? '0.00000000',
      ...(isSpot && { bidPrice: price, bidQty: '1.00000000', askPrice: price, askQty: '2.00000000' }),
      volume: volume.toFixed(8),
      closeTime: Date.now() + this.aheadMs,
      firstId: trades[0]?.firstId ?? -1,
      lastId: last?.lastId ?? -1,
      count: trades.length,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
