import type { Clock } from '../../base/clock.ts'
import type { InstrumentTable } from '../../events/instrument.ts'
import type { FeedStep } from '../feed.ts'
import { createQuoteRow, createTradeRow } from '../rows/market-row.ts'
import { type RowInstrument, RowInstruments } from '../rows/row-instruments.ts'
import { ClockSkew } from '../streaming/clock-skew.ts'
import type { FeedPosition } from '../streaming/feed-position.ts'
import type { Frame, FrameQueue } from '../streaming/frame-queue.ts'
import type { GapLedger } from '../streaming/gap-ledger.ts'
import { HeardSymbols } from '../streaming/heard-symbols.ts'
import type { RepairLoop } from '../streaming/repair-loop.ts'
import { StepDraft } from '../streaming/step-draft.ts'
import type { StreamedSteps } from '../streaming/streaming-status.ts'
import { TradeIntake } from '../streaming/trade-intake.ts'
import { type JsonObject, type KrakenMessage, readMessage, textOf } from './kraken-message.ts'
import { type KrakenSettings, VENUE } from './kraken-options.ts'
import type { RestRow } from './kraken-rest.ts'
import { quoteFromKraken, restIdOf, tradeFromKraken, tradeFromRest } from './market-from-kraken.ts'

export interface KrakenStepsOptions {
  readonly settings: KrakenSettings
  readonly clock: Clock
  readonly instruments: InstrumentTable
  readonly ledger: GapLedger
  readonly queue: FrameQueue
  readonly repair: RepairLoop<RestRow>
  readonly position: FeedPosition
}

interface Reading {
  readonly message: Extract<KrakenMessage, { rows: unknown }>
  /** Symbols of a snapshot whose trades are all of before the feed's beginning. */
  readonly beginning: ReadonlySet<string>
  nextRow: number
}

const NONE: ReadonlySet<string> = new Set()

/** Makes steps of frames and of repaired rows. The row that shows a gap, and all after it, may wait for the repair. */
export class KrakenSteps implements StreamedSteps {
  readonly skew = new ClockSkew()
  readonly heard = new HeardSymbols()
  readonly #options: KrakenStepsOptions
  readonly #draft: StepDraft
  readonly #intake: TradeIntake<RestRow>
  readonly #trade = createTradeRow()
  readonly #quote = createQuoteRow()
  /** True where the step has found out where the numbers stand. */
  #hasBegun = false
  /** The frame at the head of the queue, of which some rows may have been taken. */
  #reading: Reading | undefined

  constructor(options: KrakenStepsOptions) {
    this.#options = options
    const { settings, instruments, clock, ledger, position, repair } = options
    const { symbols, limits } = settings
    this.#draft = new StepDraft(VENUE, new RowInstruments(symbols), instruments, limits.batchMaxCount)
    for (const symbol of symbols) this.#draft.instrumentOf(symbol)
    const rows = { idOf: restIdOf, read: tradeFromRest }
    this.#intake = new TradeIntake({ clock, ledger, position, repair, draft: this.#draft, heard: this.heard, rows })
  }

  get dropped(): Readonly<Record<string, number>> {
    return this.#draft.dropped
  }

  get isHolding(): boolean {
    return this.#intake.isHolding
  }

  get hasRepaired(): boolean {
    return this.#intake.hasRepaired(this.isHolding)
  }

  fill(watermarkUs: number): FeedStep {
    this.#hasBegun = false
    this.#draft.begin()
    this.#intake.takeRepaired(this.isHolding)
    this.#takeFrames()
    return { ...this.#intake.finish(watermarkUs), keepsPosition: this.#hasBegun }
  }

  #takeFrames(): void {
    const { queue } = this.#options
    for (;;) {
      const frame = queue.peek()
      if (frame === undefined || !this.#takeFrame(frame)) return
      this.#reading = undefined
      queue.drop()
    }
  }

  get #hasRoom(): boolean {
    return this.#draft.hasRoom && !this.isHolding
  }

  /** @returns false where some of the frame is left for a later step */
  #takeFrame(frame: Frame): boolean {
    if (!this.#hasRoom) return false
    if (this.#reading === undefined) {
      const message = readMessage(frame.bytes)
      if (message.kind === 'refused') this.#draft.refuse(message.refusal, frame.bytes, frame.receivedTimeUs)
      if (!('rows' in message)) return true
      const isBeginning = message.kind === 'trades' && message.isSnapshot
      this.#reading = { message, beginning: isBeginning ? this.#beginAt(message.rows) : NONE, nextRow: 0 }
    }
    const reading = this.#reading
    const { rows, kind } = reading.message
    while (reading.nextRow < rows.length) {
      if (!this.#hasRoom) return false
      const row = rows[reading.nextRow]!
      if (kind === 'quotes') this.#takeQuote(row, frame.receivedTimeUs)
      else if (reading.beginning.has(textOf(row.symbol))) this.#draft.count('before-start')
      else if (!this.#takeTrade(row, frame.receivedTimeUs, reading.message.isSnapshot)) return false
      reading.nextRow += 1
    }
    return true
  }

  /**
   * The past trades of a symbol that was never followed are of before the feed's beginning: the newest of them only tells
   * where the numbers stand. @returns these symbols
   */
  #beginAt(rows: readonly JsonObject[]): ReadonlySet<string> {
    const { ledger, position } = this.#options
    const newest = new Map<string, { readonly id: number; readonly timeUs: number }>()
    for (const row of rows) {
      const symbol = textOf(row.symbol)
      if (this.#draft.instrumentOf(symbol)?.isWanted !== true || ledger.nextIdOf(symbol) >= 0) continue
      if (tradeFromKraken(row, this.#trade) !== undefined) continue
      const { id, eventTimeUs: timeUs } = this.#trade
      if (id > (newest.get(symbol)?.id ?? 0)) newest.set(symbol, { id, timeUs })
    }
    for (const [symbol, { id, timeUs }] of newest) {
      ledger.accept(symbol, id, timeUs)
      position.noteChanged(symbol)
      this.#hasBegun = true
    }
    return new Set(newest.keys())
  }

  /** @returns undefined where it was refused or is of no interest */
  #instrumentOf(row: JsonObject, receivedTimeUs: number): RowInstrument | undefined {
    const symbol = textOf(row.symbol)
    const instrument = this.#draft.instrumentOf(symbol)
    if (instrument === undefined) {
      const detail = `symbol: expected a symbol, got "${symbol.slice(0, 64)}"`
      this.#draft.refuse({ reason: 'invalid-symbol', detail }, row, receivedTimeUs)
    } else if (instrument.isWanted) return instrument
    else this.#draft.count('unwanted-symbol')
    return undefined
  }

  /** @returns false where the row must wait for a repair */
  #takeTrade(json: JsonObject, receivedTimeUs: number, isSnapshot: boolean): boolean {
    const row = this.#trade
    const instrument = this.#instrumentOf(json, receivedTimeUs)
    if (instrument === undefined) return true
    const refusal = tradeFromKraken(json, row)
    if (refusal !== undefined) {
      this.#draft.refuse(refusal, json, receivedTimeUs)
      return true
    }
    row.receivedTimeUs = receivedTimeUs
    const { catchUpMaxMs, holdMaxMs } = this.#options.settings.limits
    if (!this.#intake.take(instrument, row.id, row, json, isSnapshot ? catchUpMaxMs : holdMaxMs)) return false
    if (!isSnapshot) this.skew.note(row.eventTimeUs, receivedTimeUs)
    return true
  }

  #takeQuote(json: JsonObject, receivedTimeUs: number): void {
    const instrument = this.#instrumentOf(json, receivedTimeUs)
    if (instrument === undefined) return
    const refusal = quoteFromKraken(json, receivedTimeUs, this.#quote)
    if (refusal === 'one-sided') {
      this.#draft.count('one-sided-quote')
      return
    }
    this.heard.note(instrument.symbol, receivedTimeUs)
    if (refusal === undefined) this.#draft.addQuote(instrument, this.#quote, json)
    else this.#draft.refuse(refusal, json, receivedTimeUs)
  }
}
