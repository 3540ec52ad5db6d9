import { InstrumentTable } from '../../events/instrument.ts'
import { PaymentBatch } from '../../events/payment-batch.ts'
import { QuoteBatch } from '../../events/quote-batch.ts'
import { TradeBatch } from '../../events/trade-batch.ts'
import { PaymentsWorld } from '../../feeds/payments/payments-world.ts'
import { MarketWorld } from '../../feeds/simulator/world/market-world.ts'
import { DirtyLines } from './dirty-lines.ts'
import { EventLines } from './event-lines.ts'
import { LineBuffer } from './line-buffer.ts'
import { addCounts, type Piece } from './piece.ts'
import { PieceWriter } from './piece-writer.ts'
import {
  marketWorldOptionsOf,
  paymentsWorldOptionsOf,
  type Schedules,
  type SourceSpec,
  schedulesOf,
} from './source-spec.ts'

/** Most events of a piece. */
export const PIECE_MAX_COUNT = 8192

/** Makes the pieces of a stream, one after the other, from any event on. */
export class PieceMaker {
  readonly #spec: SourceSpec
  readonly #schedules: Schedules
  readonly #market: MarketWorld | undefined
  readonly #payments: PaymentsWorld | undefined
  readonly #trades: TradeBatch
  readonly #quotes: QuoteBatch
  readonly #paid: PaymentBatch
  /** Undefined for columnar pieces. */
  readonly #lines: EventLines | undefined
  readonly #dirty: DirtyLines | undefined
  readonly #writer = new PieceWriter()
  readonly #marketLines = new LineBuffer()
  readonly #paidLines = new LineBuffer()
  readonly #mergedLines = new LineBuffer()
  #counts: Record<string, number> = {}
  #index = 0

  /** @throws FinPulseError config-invalid */
  constructor(spec: SourceSpec) {
    const instruments = new InstrumentTable()
    const schedules = schedulesOf(spec)
    this.#spec = spec
    this.#schedules = schedules
    if (schedules.market !== undefined) {
      this.#market = new MarketWorld(marketWorldOptionsOf(spec, schedules.market), instruments)
    }
    if (schedules.payments !== undefined) {
      this.#payments = new PaymentsWorld(paymentsWorldOptionsOf(spec, schedules.payments))
    }
    this.#trades = new TradeBatch(instruments, PIECE_MAX_COUNT)
    this.#quotes = new QuoteBatch(instruments, PIECE_MAX_COUNT)
    this.#paid = new PaymentBatch(PIECE_MAX_COUNT)
    if (spec.format !== 'columnar') this.#lines = new EventLines(spec.format, instruments)
    if (spec.dirty !== undefined) this.#dirty = new DirtyLines(spec.seed, spec.dirty, schedules.whole)
  }

  /** Index of the first event of the next piece. */
  get index(): number {
    return this.#index
  }

  /**
   * Goes forward to an event, over those before it. Of a market that takes time: each minute follows from the one before.
   * @param isTurnOver asked now and then: where it is, the way is left for another call
   * @returns the part of the way that lies behind, 1 at its end
   */
  skipTo(index: number, isTurnOver?: () => boolean): number {
    if (index === this.#index) return 1
    // Lines of events before it may come out behind it.
    const target = this.#dirty === undefined ? index : Math.max(this.#index, index - this.#dirty.lookBackCount)
    const part = this.#goTo(target, isTurnOver)
    if (part < 1 || this.#dirty === undefined) return part
    this.#dirty.clear()
    while (this.#index < index) this.#makeDirty(this.#dirty, Math.min(index, this.#index + PIECE_MAX_COUNT))
    return 1
  }

  /**
   * The events up to `endIndex`, at most PIECE_MAX_COUNT.
   * @param buffer becomes the piece's where it is large enough
   */
  make(endIndex: number, buffer: Uint8Array<ArrayBuffer>): Piece {
    this.#writer.begin(buffer)
    this.#counts = {}
    if (this.#dirty !== undefined) {
      const lines = this.#makeDirty(this.#dirty, endIndex)
      this.#writer.text(lines.bytes.subarray(0, lines.length))
      addCounts(this.#counts, this.#dirty.spoiled)
    } else if (this.#lines !== undefined && this.#schedules.merged !== undefined) {
      const lines = this.#makeLines(this.#lines, endIndex)
      this.#writer.text(lines.bytes.subarray(0, lines.length))
    } else {
      this.#write(endIndex)
    }
    return { endIndex, bytes: this.#writer.take(), frames: this.#writer.frames, counts: this.#counts }
  }

  #goTo(index: number, isTurnOver?: () => boolean): number {
    const { first, second } = this.#split(index)
    this.#market?.skipTo(first, isTurnOver)
    if (this.#market !== undefined && this.#market.index < first) return this.#market.index / first
    this.#payments?.skipTo(second)
    this.#index = index
    return 1
  }

  /** How many events of each world are before an event of the stream. */
  #split(index: number): { first: number; second: number } {
    return this.#schedules.merged?.splitAt(index) ?? { first: index, second: index }
  }

  /** Straight from the batches: streams of one world as text, and columnar ones. */
  #write(endIndex: number): void {
    const { first, second } = this.#split(endIndex)
    while (this.#fillMarket(first)) {
      if (this.#lines !== undefined) this.#writer.text(this.#lines.market(this.#trades, this.#quotes))
      else {
        this.#writer.trades(this.#trades)
        this.#writer.quotes(this.#quotes)
      }
    }
    if (this.#fillPayments(second)) {
      if (this.#lines !== undefined) this.#writer.text(this.#lines.payments(this.#paid))
      else this.#writer.payments(this.#paid)
    }
    this.#index = endIndex
  }

  #makeDirty(dirty: DirtyLines, endIndex: number): LineBuffer {
    return dirty.pass(this.#makeLines(this.#lines!, endIndex), this.#schedules.whole.dueUs(endIndex))
  }

  #makeLines(lines: EventLines, endIndex: number): LineBuffer {
    const { first, second } = this.#split(endIndex)
    this.#marketLines.clear()
    this.#paidLines.clear()
    while (this.#fillMarket(first)) lines.addMarket(this.#trades, this.#quotes, this.#marketLines)
    if (this.#fillPayments(second)) lines.addPayments(this.#paid, this.#paidLines)
    this.#index = endIndex
    if (this.#schedules.merged === undefined) return this.#market === undefined ? this.#paidLines : this.#marketLines
    this.#mergedLines.merge(this.#marketLines, this.#paidLines)
    return this.#mergedLines
  }

  /** Fills the batches anew: an event may have more quotes than one. @returns false where the world is there already */
  #fillMarket(endIndex: number): boolean {
    const world = this.#market
    if (world === undefined || world.index >= endIndex) return false
    const { trades, quotes } = this.#spec.market!
    this.#trades.count = 0
    this.#quotes.count = 0
    world.fill(this.#trades, quotes ? this.#quotes : undefined, endIndex)
    if (trades) addCounts(this.#counts, { trades: this.#trades.count })
    else this.#trades.count = 0
    if (quotes) addCounts(this.#counts, { quotes: this.#quotes.count })
    return true
  }

  #fillPayments(endIndex: number): boolean {
    const world = this.#payments
    if (world === undefined || world.index >= endIndex) return false
    this.#paid.count = 0
    world.fill(this.#paid, endIndex)
    addCounts(this.#counts, { payments: this.#paid.count })
    return true
  }
}
