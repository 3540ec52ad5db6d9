import type { Clock } from '../../base/clock.ts'
import type { InstrumentTable } from '../../events/instrument.ts'
import type { FeedStep } from '../feed.ts'
import type { TradeRow } from '../rows/market-row.ts'
import type { RowInstrument } from '../rows/row-instruments.ts'
import type { ClockSkew } from '../streaming/clock-skew.ts'
import type { FeedPosition } from '../streaming/feed-position.ts'
import type { Frame, FrameQueue } from '../streaming/frame-queue.ts'
import type { GapLedger } from '../streaming/gap-ledger.ts'
import { HeardSymbols } from '../streaming/heard-symbols.ts'
import type { RepairLoop } from '../streaming/repair-loop.ts'
import { StepDraft } from '../streaming/step-draft.ts'
import type { StreamedSteps } from '../streaming/streaming-status.ts'
import { TradeIntake } from '../streaming/trade-intake.ts'
import type { BinanceSettings } from './binance-options.ts'
import type { CatchUp } from './catch-up.ts'
import { FrameReader } from './frame-reader.ts'
import { restIdOf, tradeFromRest } from './market-from-rest.ts'
import { QuoteOrder } from './quote-order.ts'
import type { RestRow } from './rest-requests.ts'

export interface BinanceStepsOptions {
  readonly settings: BinanceSettings
  readonly clock: Clock
  readonly instruments: InstrumentTable
  readonly ledger: GapLedger
  readonly queue: FrameQueue
  readonly repair: RepairLoop<RestRow>
  readonly catchUp: CatchUp
  readonly position: FeedPosition
  readonly skew: ClockSkew
}

/** Makes steps of frames and of repaired rows. The frame that shows a gap, and all after it, may wait for the repair. */
export class BinanceSteps implements StreamedSteps {
  readonly skew: ClockSkew
  readonly heard = new HeardSymbols()
  readonly #options: BinanceStepsOptions
  readonly #reader: FrameReader
  readonly #draft: StepDraft
  readonly #intake: TradeIntake<RestRow>
  readonly #quoteOrder = new QuoteOrder()

  constructor(options: BinanceStepsOptions) {
    this.#options = options
    this.skew = options.skew
    const { settings, instruments, clock, ledger, position, repair } = options
    const { limits, facts, symbols, tradeStream } = settings
    const { venue } = facts
    this.#reader = new FrameReader(settings)
    this.#draft = new StepDraft(venue, this.#reader.instruments, instruments, limits.batchMaxCount)
    for (const symbol of symbols) this.#draft.instrumentOf(symbol)
    const rows = {
      idOf: (row: RestRow) => restIdOf(row, tradeStream),
      read: (row: RestRow, into: TradeRow) => tradeFromRest(row, tradeStream, into),
    }
    this.#intake = new TradeIntake({ clock, ledger, position, repair, draft: this.#draft, heard: this.heard, rows })
  }

  get dropped(): Readonly<Record<string, number>> {
    return this.#draft.dropped
  }

  get isHolding(): boolean {
    return this.#options.catchUp.isHolding || this.#intake.isHolding
  }

  get hasRepaired(): boolean {
    return this.#intake.hasRepaired(this.isHolding)
  }

  fill(watermarkUs: number): FeedStep {
    this.#draft.begin()
    this.#intake.takeRepaired(this.isHolding)
    this.#takeFrames()
    return this.#intake.finish(watermarkUs)
  }

  #takeFrames(): void {
    const { queue } = this.#options
    while (this.#draft.hasRoom && !this.isHolding) {
      const frame = queue.peek()
      if (frame === undefined || !this.#takeFrame(frame)) return
      queue.drop()
    }
  }

  /** @returns false where the frame must wait for a repair */
  #takeFrame(frame: Frame): boolean {
    const read = this.#reader.read(frame.bytes, frame.receivedTimeUs)
    switch (read.kind) {
      case 'trade':
        return this.#takeTrade(read.instrument, frame)
      case 'quote':
        this.#takeQuote(read.instrument, frame)
        return true
      case 'empty-trade':
        this.#options.ledger.accept(read.instrument.symbol, this.#reader.streamId, 0)
        this.#options.position.noteChanged(read.instrument.symbol)
        this.#draft.count('empty-trade')
        return true
      case 'passed-over':
        this.#draft.count('passed-over')
        return true
      case 'refused':
        this.#draft.refuse(read.refusal, frame.bytes, frame.receivedTimeUs)
        return true
    }
  }

  #takeTrade(instrument: RowInstrument, frame: Frame): boolean {
    const { trade, streamId, sentTimeUs } = this.#reader
    const { ledger, settings } = this.#options
    const { symbol } = instrument
    if (!this.#intake.take(instrument, streamId, trade, frame.bytes, settings.limits.holdMaxMs)) return false
    const isNewest = streamId === ledger.nextIdOf(symbol) - 1
    if (settings.tradeStream === 'aggTrade' && isNewest) ledger.noteLastTrade(symbol, trade.id + trade.tradeCount - 1)
    this.skew.note(sentTimeUs, frame.receivedTimeUs)
    return true
  }

  #takeQuote(instrument: RowInstrument, frame: Frame): void {
    const { quote } = this.#reader
    this.heard.note(instrument.symbol, frame.receivedTimeUs)
    if (this.#quoteOrder.isNew(instrument, quote)) this.#draft.addQuote(instrument, quote, frame.bytes)
    else this.#draft.count('overlap')
  }
}
