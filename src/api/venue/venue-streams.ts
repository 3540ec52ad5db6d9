import type { StreamKind, StreamName } from './stream-name.ts'

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
  /** Grows with each stream that comes or goes. */
  version = 0

  of(wireSymbol: string): SymbolStreams | undefined {
    return this.#symbols.get(wireSymbol)
  }

  /** Whether anybody waits for single events, which are then passed on without delay. */
  get hasImmediate(): boolean {
    for (const { trade, aggTrade, bookTicker } of this.#symbols.values()) {
      if (trade !== undefined || aggTrade !== undefined || bookTicker !== undefined) return true
    }
    return false
  }

  ofKind(kind: StreamKind, everyMs?: number): Stream[] {
    const found: Stream[] = []
    for (const { streams } of this.#symbols.values()) {
      for (const stream of streams.values()) {
        if (stream.name.kind === kind && (everyMs === undefined || stream.name.everyMs === everyMs)) found.push(stream)
      }
    }
    return found
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
    symbol.index()
    this.version += 1
    if (symbol.streams.size === 0) this.#symbols.delete(name.wireSymbol)
  }
}
