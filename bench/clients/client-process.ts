import { WebSocket } from 'ws'
import { systemClock } from '../../src/base/clock.ts'
import type { FrameMessage, LossMessage } from '../../src/protocol/live.ts'
import type { ClientNews, ClientOptions, ClientOrder, ClientReport } from './client-orders.ts'
import { DelayHistogram } from './delay-histogram.ts'

/* The process of the WebSocket clients: real sockets, as many as asked for, in one thread of their own. */

const FRAME_HEAD = '{"type":"frame","serverTimeMs":'
const TIME_DIGITS = 13
/** Connections that are opened at the same time. */
const OPENING_MAX_COUNT = 100
/** One in so many clients looks into its frames. */
const SAMPLE_EVERY = 50
/** Timers fire up to a millisecond early. */
const EARLY_MAX_MS = 2

const frameDelay = new DelayHistogram()
const quoteAge = new DelayHistogram()
let options: ClientOptions
let isMeasuring = false
let isFinished = false
let startedMs = 0
let frameCount = 0
let byteCount = 0
let missedCount = 0
let trades: number[] = []
const sockets: WebSocket[] = []

function nowMs(): number {
  return systemClock.nowUs() / 1000
}

/** The number of the due moment that a frame belongs to, from the time that the server wrote into it. */
function slotOf(serverTimeMs: number, grid: NonNullable<ClientOptions['grid']>): number {
  return Math.floor((serverTimeMs + EARLY_MAX_MS - grid.originMs) / grid.intervalMs)
}

class Client {
  readonly #isSampled: boolean
  #lastSlot = -1

  constructor(socket: WebSocket, isSampled: boolean) {
    this.#isSampled = isSampled
    socket.on('message', (data: Buffer) => this.#take(data))
  }

  /** What came before belongs to nobody's delay. */
  #take(data: Buffer): void {
    const arrivedMs = nowMs()
    const head = data.toString('latin1', 0, FRAME_HEAD.length)
    if (head !== FRAME_HEAD) {
      if (data.toString('latin1', 0, 14) === '{"type":"loss"') this.#takeLoss(data)
      return
    }
    if (!isMeasuring) return
    frameCount += 1
    byteCount += data.length
    const serverTimeMs = Number(data.toString('latin1', FRAME_HEAD.length, FRAME_HEAD.length + TIME_DIGITS))
    if (options.grid !== undefined) this.#recordDelay(arrivedMs, slotOf(serverTimeMs, options.grid), options.grid)
    if (options.keepsTrades === true) keepTrades(data, arrivedMs)
    else if (this.#isSampled) recordQuoteAge(data, arrivedMs)
  }

  #takeLoss(data: Buffer): void {
    if (isMeasuring) missedCount += (JSON.parse(data.toString()) as LossMessage).missedCount
  }

  /** Due moments that were passed over since the last frame count too: their changes came only now. */
  #recordDelay(arrivedMs: number, slot: number, { originMs, intervalMs }: NonNullable<ClientOptions['grid']>): void {
    const first = this.#lastSlot < 0 ? slot : Math.min(slot, this.#lastSlot + 1)
    for (let due = first; due <= slot; due++) frameDelay.recordMs(arrivedMs - (originMs + due * intervalMs))
    this.#lastSlot = slot
  }

  reset(): void {
    this.#lastSlot = -1
  }
}

function keepTrades(data: Buffer, arrivedMs: number): void {
  const frame = JSON.parse(data.toString()) as FrameMessage
  for (const trade of frame.trades ?? []) trades.push(trade.id ?? -1, trade.eventTimeMs * 1000, arrivedMs * 1000)
}

function recordQuoteAge(data: Buffer, arrivedMs: number): void {
  const { quotes = [] } = JSON.parse(data.toString()) as FrameMessage
  if (quotes.length === 0) return
  quoteAge.recordMs(arrivedMs - Math.max(...quotes.map((quote) => quote.eventTimeMs)))
}

const clients: Client[] = []

async function openAll(): Promise<void> {
  for (let first = 0; first < options.count; first += OPENING_MAX_COUNT) {
    const count = Math.min(OPENING_MAX_COUNT, options.count - first)
    await Promise.all(Array.from({ length: count }, (_, index) => openOne(first + index)))
  }
}

function openOne(index: number): Promise<void> {
  const url = options.url.replace('http', 'ws') + (options.path ?? '/ws')
  const socket = new WebSocket(url, { perMessageDeflate: false })
  sockets.push(socket)
  clients.push(new Client(socket, index % SAMPLE_EVERY === 0))
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      for (const subscription of options.subscriptions) socket.send(JSON.stringify(subscription))
      resolve()
    })
    socket.on('error', reject)
    socket.on('close', (code) => {
      if (!isFinished) fail(`a client was closed with ${code}`)
    })
  })
}

function measure(): void {
  frameDelay.reset()
  quoteAge.reset()
  for (const client of clients) client.reset()
  frameCount = 0
  byteCount = 0
  missedCount = 0
  trades = []
  startedMs = performance.now()
  isMeasuring = true
}

function report(): ClientReport {
  const column = (offset: number) =>
    Float64Array.from({ length: trades.length / 3 }, (_, row) => trades[row * 3 + offset]!)
  return {
    seconds: (performance.now() - startedMs) / 1000,
    frameCount,
    byteCount,
    missedCount,
    frameDelay: frameDelay.percentiles(),
    quoteAge: quoteAge.percentiles(),
    trades: { id: column(0), eventTimeUs: column(1), arrivedUs: column(2) },
  }
}

function send(news: ClientNews): void {
  process.send!(news)
}

function fail(text: string): void {
  send({ type: 'failed', text })
}

process.on('disconnect', () => process.exit(0))
process.on('message', async (order: ClientOrder) => {
  if (order.type === 'open') {
    options = order.options
    try {
      await openAll()
      send({ type: 'opened' })
    } catch (error) {
      fail(String(error))
    }
  } else if (order.type === 'measure') {
    measure()
    send({ type: 'measuring' })
  } else {
    isMeasuring = false
    isFinished = true
    send({ type: 'finished', report: report() })
  }
})
