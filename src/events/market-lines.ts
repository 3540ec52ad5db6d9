import { ByteWriter } from './byte-writer.ts'
import type { InstrumentTable } from './instrument.ts'
import type { QuoteBatch } from './quote-batch.ts'
import { NO_ID, OFF_MARKET, TAKER_SIDE_MASK, type TradeBatch } from './trade-batch.ts'

const encoder = new TextEncoder()
const bytes = (text: string) => encoder.encode(text)

/** Most bytes of a line besides venue and symbol. */
const LINE_MAX_BYTES = 512
const NEWLINE = 10
const COMMA = 44

const ID = bytes('"id":')
const LAST_ID = bytes(',"lastId":')
const PRICE = bytes('"price":"')
const QUANTITY = bytes('","quantity":"')
const SIDES = ['unknown', 'buy', 'sell', 'unknown'].map((side) => bytes(`","takerSide":"${side}","eventTimeMs":`))
const RECEIVED = bytes(',"receivedTimeMs":')
const OFF_MARKET_END = bytes(',"isOffMarket":true}\n')
const END = bytes('}\n')
const CSV_SIDES = ['', 'buy', 'sell', ''].map(bytes)
const BID_PRICE = bytes('"bidPrice":"')
const BID_QUANTITY = bytes('","bidQuantity":"')
const ASK_PRICE = bytes('","askPrice":"')
const ASK_QUANTITY = bytes('","askQuantity":"')
const QUOTE_TIME = bytes('","eventTimeMs":')
const SEQUENCE = bytes(',"sequence":')

export const TRADE_CSV_HEADER = 'time,venue,symbol,price,quantity,side,id\n'
export const QUOTE_CSV_HEADER = 'time,venue,symbol,bid_price,bid_quantity,ask_price,ask_quantity,sequence\n'

/**
 * Trades and quotes as lines of text, written straight from the columns: NDJSON is byte for byte what `JSON.stringify`
 * gives of `tradeAt` and `quoteAt`, several times faster.
 */
export class MarketLines {
  readonly #instruments: InstrumentTable
  readonly #writer = new ByteWriter(1 << 20)
  /** By instrument: the beginnings of its NDJSON lines, and `,venue,symbol,` of its CSV lines. */
  readonly #jsonStarts: Uint8Array[] = []
  readonly #quoteStarts: Uint8Array[] = []
  readonly #csvNames: Uint8Array[] = []

  constructor(instruments: InstrumentTable) {
    this.#instruments = instruments
  }

  /** The lines of a batch. They stay valid until the next call. */
  ndjson(trades: TradeBatch): Uint8Array {
    this.#begin(trades.count)
    for (let row = 0; row < trades.count; row++) this.#tradeLine(trades, row)
    return this.#written()
  }

  /** Trades and quotes in order of event time, a quote before a trade of the same time. Both are in that order each. */
  ndjsonMerged(trades: TradeBatch, quotes: QuoteBatch): Uint8Array {
    this.#begin(trades.count + quotes.count)
    let quote = 0
    for (let row = 0; row < trades.count; row++) {
      while (quote < quotes.count && quotes.eventTimeUs[quote]! <= trades.eventTimeUs[row]!) {
        this.#quoteLine(quotes, quote++)
      }
      this.#tradeLine(trades, row)
    }
    while (quote < quotes.count) this.#quoteLine(quotes, quote++)
    return this.#written()
  }

  /** As `ndjson`, in the columns of TRADE_CSV_HEADER; times are in µs since the epoch. */
  csv(batch: TradeBatch): Uint8Array {
    this.#begin(batch.count)
    for (let row = 0; row < batch.count; row++) this.#csvLine(batch, row)
    return this.#written()
  }

  /** As `csv`, in the columns of QUOTE_CSV_HEADER. */
  quotesCsv(batch: QuoteBatch): Uint8Array {
    this.#begin(batch.count)
    for (let row = 0; row < batch.count; row++) this.#quoteCsvLine(batch, row)
    return this.#written()
  }

  #written(): Uint8Array {
    return this.#writer.bytes.subarray(0, this.#writer.length)
  }

  #begin(lineCount: number): void {
    this.#writer.length = 0
    this.#writer.reserve(lineCount * LINE_MAX_BYTES)
    for (let index = this.#jsonStarts.length; index < this.#instruments.count; index++) {
      const { venue, symbol } = this.#instruments.at(index)
      const names = `"venue":${JSON.stringify(venue)},"symbol":${JSON.stringify(symbol)}`
      this.#jsonStarts.push(bytes(`{"type":"trade",${names},`))
      this.#quoteStarts.push(bytes(`{"type":"quote",${names},`))
      this.#csvNames.push(bytes(`,${venue},${symbol},`))
    }
  }

  #tradeLine(batch: TradeBatch, row: number): void {
    const writer = this.#writer
    const index = batch.instrument[row]!
    const { priceDecimals, quantityDecimals } = this.#instruments.at(index)
    const id = batch.id[row]!
    const tradeCount = batch.tradeCount[row]!
    const flags = batch.flags[row]!
    writer.piece(this.#jsonStarts[index]!)
    if (id !== NO_ID) {
      writer.piece(ID)
      writer.integerAt(batch.id, row)
      if (tradeCount !== 1) {
        writer.piece(LAST_ID)
        writer.integer(id + tradeCount - 1)
      }
      writer.byte(COMMA)
    }
    writer.piece(PRICE)
    writer.decimalAt(batch.priceLow, batch.priceHigh, row, priceDecimals)
    writer.piece(QUANTITY)
    writer.decimalAt(batch.quantityLow, batch.quantityHigh, row, quantityDecimals)
    writer.piece(SIDES[flags & TAKER_SIDE_MASK]!)
    this.#times(batch, row)
    writer.piece((flags & OFF_MARKET) === 0 ? END : OFF_MARKET_END)
  }

  /** Event time and received time, which are often the same. */
  #times({ eventTimeUs, receivedTimeUs }: TradeBatch | QuoteBatch, row: number): void {
    const writer = this.#writer
    const from = writer.length
    writer.millisecondsAt(eventTimeUs, row)
    const to = writer.length
    writer.piece(RECEIVED)
    if (receivedTimeUs[row] === eventTimeUs[row]) writer.repeat(from, to)
    else writer.millisecondsAt(receivedTimeUs, row)
  }

  #quoteLine(batch: QuoteBatch, row: number): void {
    const writer = this.#writer
    const index = batch.instrument[row]!
    const { priceDecimals, quantityDecimals } = this.#instruments.at(index)
    writer.piece(this.#quoteStarts[index]!)
    writer.piece(BID_PRICE)
    writer.decimalAt(batch.bidPriceLow, batch.bidPriceHigh, row, priceDecimals)
    writer.piece(BID_QUANTITY)
    writer.decimalAt(batch.bidQuantityLow, batch.bidQuantityHigh, row, quantityDecimals)
    writer.piece(ASK_PRICE)
    writer.decimalAt(batch.askPriceLow, batch.askPriceHigh, row, priceDecimals)
    writer.piece(ASK_QUANTITY)
    writer.decimalAt(batch.askQuantityLow, batch.askQuantityHigh, row, quantityDecimals)
    writer.piece(QUOTE_TIME)
    this.#times(batch, row)
    if (batch.sequence[row]! >= 0) {
      writer.piece(SEQUENCE)
      writer.integerAt(batch.sequence, row)
    }
    writer.piece(END)
  }

  #csvLine(batch: TradeBatch, row: number): void {
    const writer = this.#writer
    const index = batch.instrument[row]!
    const { priceDecimals, quantityDecimals } = this.#instruments.at(index)
    writer.integerAt(batch.eventTimeUs, row)
    writer.piece(this.#csvNames[index]!)
    writer.decimalAt(batch.priceLow, batch.priceHigh, row, priceDecimals)
    writer.byte(COMMA)
    writer.decimalAt(batch.quantityLow, batch.quantityHigh, row, quantityDecimals)
    writer.byte(COMMA)
    writer.piece(CSV_SIDES[batch.flags[row]! & TAKER_SIDE_MASK]!)
    writer.byte(COMMA)
    if (batch.id[row] !== NO_ID) writer.integerAt(batch.id, row)
    writer.byte(NEWLINE)
  }

  #quoteCsvLine(batch: QuoteBatch, row: number): void {
    const writer = this.#writer
    const index = batch.instrument[row]!
    const { priceDecimals, quantityDecimals } = this.#instruments.at(index)
    writer.integerAt(batch.eventTimeUs, row)
    writer.piece(this.#csvNames[index]!)
    writer.decimalAt(batch.bidPriceLow, batch.bidPriceHigh, row, priceDecimals)
    writer.byte(COMMA)
    writer.decimalAt(batch.bidQuantityLow, batch.bidQuantityHigh, row, quantityDecimals)
    writer.byte(COMMA)
    writer.decimalAt(batch.askPriceLow, batch.askPriceHigh, row, priceDecimals)
    writer.byte(COMMA)
    writer.decimalAt(batch.askQuantityLow, batch.askQuantityHigh, row, quantityDecimals)
    writer.byte(COMMA)
    if (batch.sequence[row]! >= 0) writer.integerAt(batch.sequence, row)
    writer.byte(NEWLINE)
  }
}
