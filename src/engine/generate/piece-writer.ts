import { encodePaymentsBriefly, encodeQuotesBriefly, encodeTradesBriefly } from '../../events/batch-codec.ts'
import type { PaymentBatch } from '../../events/payment-batch.ts'
import type { QuoteBatch } from '../../events/quote-batch.ts'
import type { Topic } from '../../events/topic.ts'
import type { TradeBatch } from '../../events/trade-batch.ts'
import type { Frame } from './piece.ts'

/** Columnar batches follow one another, each behind its length: u32 little-endian, then 4 bytes of zero. */
const FRAME_HEADER_BYTES = 8

/** Gathers the bytes of one piece in a buffer that is handed in and out. */
export class PieceWriter {
  #bytes = new Uint8Array(0)
  #view = new DataView(this.#bytes.buffer)
  #length = 0
  #frames: Frame[] = []

  /** @param buffer is written from its beginning; one that is too small is replaced */
  begin(buffer: Uint8Array<ArrayBuffer>): void {
    this.#use(buffer)
    this.#length = 0
    this.#frames = []
  }

  get frames(): readonly Frame[] {
    return this.#frames
  }

  /** What was written, in a buffer that is the caller's from now on. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length)
  }

  text(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  trades(batch: TradeBatch): void {
    if (batch.count > 0) this.#frame('market.trades', batch, encodeTradesBriefly(batch))
  }

  quotes(batch: QuoteBatch): void {
    if (batch.count > 0) this.#frame('market.quotes', batch, encodeQuotesBriefly(batch))
  }

  payments(batch: PaymentBatch): void {
    if (batch.count > 0) this.#frame('payments', batch, encodePaymentsBriefly(batch))
  }

  #frame(topic: Topic, batch: TradeBatch | QuoteBatch | PaymentBatch, payload: Uint8Array): void {
    this.#reserve(FRAME_HEADER_BYTES + payload.length)
    this.#view.setUint32(this.#length, payload.length, true)
    this.#view.setUint32(this.#length + 4, 0, true)
    const from = this.#length + FRAME_HEADER_BYTES
    this.#bytes.set(payload, from)
    this.#length = from + payload.length
    // Worlds give their events in order of time.
    const maxEventTimeUs = batch.eventTimeUs[batch.count - 1]!
    this.#frames.push({ topic, from, to: this.#length, recordCount: batch.count, maxEventTimeUs })
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count, 1 << 16))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#use(grown)
  }

  #use(buffer: Uint8Array<ArrayBuffer>): void {
    this.#bytes = buffer
    this.#view = new DataView(buffer.buffer, buffer.byteOffset)
  }
}
