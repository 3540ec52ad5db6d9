import type { VenueInterval } from './kline-interval.ts'
import type { StreamKind, StreamName } from './stream-name.ts'

/** Streams of single events. */
const IMMEDIATE: readonly StreamKind[] = ['trade', 'aggTrade', 'bookTicker']

/** Whoever reads a stream. */
export interface StreamReader {
  /** Whether messages are wrapped with the name of their stream. */
  readonly isCombined: boolean
  send(text: string): void
}

/** One stream and its readers. */
export class Stream {
  readonly name: StreamName
  readonly readers = new Set<StreamReader>()

  constructor(name: StreamName) {
    this.name = name
  }

  /** @param data a message of the stream as JSON */
  send(data: string): void {
    let combined: string | undefined
    for (const reader of this.readers) {
      if (!reader.isCombined) {
        reader.send(data)
        continue
      }
      combined ??= `{"stream":"${this.name.name}","data":${data}}`
      reader.send(combined)
    }
  }
}

/** The streams of one symbol that somebody reads. */
export class SymbolStreams {
  readonly streams = new Map<string, Stream>()
  trade: Stream | undefined
  aggTrade: Stream | undefined
  bookTicker: Stream | undefined
  hasDepth = false

  /** To be called when a stream came or went. */
  index(): void {
    const streams = [...this.streams.values()]
    this.trade = streams.find(({ name }) => name.kind === 'trade')
    this.aggTrade = streams.find(({ name }) => name.kind === 'aggTrade')
    this.bookTicker = streams.find(({ name }) => name.kind === 'bookTicker')
    this.hasDepth = streams.some(({ name }) => name.kind === 'depth')
  }
}

/** Every stream that has a reader, by name and by symbol. */
export class VenueStreams {
  readonly #symbols = new Map<string, SymbolStreams>()
  readonly #kinds = new Map<StreamKind, Set<Stream>>()
  /** Grows with each stream that comes or goes. */
  version = 0

  of(wireSymbol: string): SymbolStreams | undefined {
    return this.#symbols.get(wireSymbol)
  }

  klineOf(wireSymbol: string, interval: VenueInterval): Stream | undefined {
    return this.#symbols.get(wireSymbol)?.streams.get(`${wireSymbol.toLowerCase()}@kline_${interval}`)
  }

  /** Whether anybody waits for single events, which are then passed on without delay. */
  get hasImmediate(): boolean {
    return IMMEDIATE.some((kind) => this.has(kind))
  }

  has(kind: StreamKind): boolean {
    return (this.#kinds.get(kind)?.size ?? 0) > 0
  }

  ofKind(kind: StreamKind, everyMs?: number): Stream[] {
    const streams = [...(this.#kinds.get(kind) ?? [])]
    return everyMs === undefined ? streams : streams.filter(({ name }) => name.everyMs === everyMs)
  }

  join(name: StreamName, reader: StreamReader): void {
    let symbol = this.#symbols.get(name.wireSymbol)
    if (symbol === undefined) {
      symbol = new SymbolStreams()
      this.#symbols.set(name.wireSymbol, symbol)
    }
    let stream = symbol.streams.get(name.name)
    if (stream === undefined) {
      stream = new Stream(name)
      symbol.streams.set(name.name, stream)
      symbol.index()
      this.#ofKind(name.kind).add(stream)
      this.version += 1
    }
    stream.readers.add(reader)
  }

  leave(name: StreamName, reader: StreamReader): void {
    const symbol = this.#symbols.get(name.wireSymbol)
    const stream = symbol?.streams.get(name.name)
    if (symbol === undefined || stream === undefined) return
    stream.readers.delete(reader)
    if (stream.readers.size > 0) return
    symbol.streams.delete(name.name)
    this.#ofKind(name.kind).delete(stream)
    symbol.index()
    this.version += 1
    if (symbol.streams.size === 0) this.#symbols.delete(name.wireSymbol)
  }

  #ofKind(kind: StreamKind): Set<Stream> {
    let streams = this.#kinds.get(kind)
    if (streams === undefined) {
      streams = new Set()
      this.#kinds.set(kind, streams)
    }
    return streams
  }
}
