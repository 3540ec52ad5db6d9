import type { Clock } from '../../base/clock.ts'
import { DEAD_LETTER_SAMPLE_MAX_LENGTH, type DeadLetter } from '../../events/dead-letter.ts'
import type { InstrumentTable } from '../../events/instrument.ts'
import { NumberText } from '../exact-json.ts'
import type { FeedStep } from '../feed.ts'
import { createQuoteRow, createTradeRow, type Refusal } from '../market-row.ts'
import { type ReplayInstrument, ReplayInstruments } from '../replay/replay-instruments.ts'
import { StepBuilder } from '../replay/step-builder.ts'
import { ClockSkew } from '../streaming/clock-skew.ts'
import type { FeedPosition } from '../streaming/feed-position.ts'
import type { Frame, FrameQueue } from '../streaming/frame-queue.ts'
import { GapHold } from '../streaming/gap-hold.ts'
import type { GapLedger } from '../streaming/gap-ledger.ts'
import { type JsonObject, type KrakenMessage, readMessage, textOf } from './kraken-message.ts'
import { type KrakenSettings, PAGE_MAX_COUNT, VENUE } from './kraken-options.ts'
import { type KrakenRepair, type RepairPage, restIdOf } from './kraken-repair.ts'
import type { RestRow } from './kraken-rest.ts'
import { quoteFromKraken, tradeFromKraken, tradeFromRest } from './market-from-kraken.ts'

export interface KrakenStepsOptions {
  readonly settings: KrakenSettings
  readonly clock: Clock
  readonly instruments: InstrumentTable
  readonly ledger: GapLedger
  readonly queue: FrameQueue
  readonly repair: KrakenRepair
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
export class KrakenSteps {
  readonly instruments: ReplayInstruments
  readonly skew = new ClockSkew()
  readonly dropped: Record<string, number> = {}
  readonly #options: KrakenStepsOptions
  readonly #step: StepBuilder
  readonly #hold = new GapHold()
  readonly #trade = createTradeRow()
  readonly #quote = createQuoteRow()
  /** When each symbol's last message came, µs. */
  readonly #heardUs = new Map<string, number>()
  #deadLetters: DeadLetter[] = []
  /** True where the step has found out where the numbers stand. */
  #hasBegun = false
  /** The frame at the head of the queue, of which some rows may have been taken. */
  #reading: Reading | undefined

  constructor(options: KrakenStepsOptions) {
    this.#options = options
    const { settings, instruments } = options
    this.instruments = new ReplayInstruments(settings.symbols)
    for (const symbol of settings.symbols) this.instruments.find(VENUE, symbol)
    // A page of a repair goes into one step.
    this.#step = new StepBuilder(instruments, Math.max(settings.limits.batchMaxCount, PAGE_MAX_COUNT))
  }

  get hasWork(): boolean {
    const { repair, queue } = this.#options
    return repair.hasPage || (queue.count > 0 && !this.isHolding)
  }

  /** True while frames wait for a repair. */
  get isHolding(): boolean {
    return this.#hold.isHolding(this.#options.clock.nowUs())
  }

  /** The next step; without rows where there is no work. @param watermarkUs promise of a step without rows, or -1 */
  fill(watermarkUs: number): FeedStep {
    const { position, repair } = this.#options
    const { trades, quotes } = this.#step
    trades.count = 0
    trades.watermarkUs = -1
    quotes.count = 0
    this.#deadLetters = []
    this.#hasBegun = false
    this.#step.syncDecimals(this.instruments.all())
    const page = repair.takePage()
    if (page !== undefined) this.#takePage(page)
    this.#takeFrames()
    if (trades.count === 0 && quotes.count === 0) trades.watermarkUs = watermarkUs
    const deadLetters = this.#deadLetters
    return { trades, quotes, deadLetters, position: position.encode(), keepsPosition: this.#hasBegun }
  }

  #takePage({ request, rows, throughId, receivedTimeUs }: RepairPage): void {
    const { ledger, position, repair } = this.#options
    for (const row of rows) this.#takeRepaired(request.symbol, row, receivedTimeUs)
    ledger.noteAnswered(request, throughId)
    position.noteChanged(request.symbol)
    this.#hold.repaired()
    repair.wake()
  }

  #takeRepaired(symbol: string, rest: RestRow, receivedTimeUs: number): void {
    const { ledger } = this.#options
    const row = this.#trade
    const refusal = tradeFromRest(rest, row)
    if (refusal !== undefined) {
      this.#refuse(refusal, sampleOf(rest), receivedTimeUs)
      return
    }
    const id = restIdOf(rest)
    if (ledger.verdictOn(symbol, id, row.eventTimeUs) !== 'fill') return
    ledger.accept(symbol, id, row.eventTimeUs)
    row.receivedTimeUs = receivedTimeUs
    const refusalOfRow = this.#step.addTrade(this.instruments.find(VENUE, symbol)!, row)
    if (refusalOfRow !== undefined) this.#refuse(refusalOfRow, sampleOf(rest), receivedTimeUs)
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
    return !this.#step.isFull && this.#deadLetters.length < this.#step.trades.capacity && !this.isHolding
  }

  /** @returns false where some of the frame is left for a later step */
  #takeFrame(frame: Frame): boolean {
    if (!this.#hasRoom) return false
    if (this.#reading === undefined) {
      const message = readMessage(frame.bytes)
      if (message.kind === 'refused') {
        this.#refuse(
          message.refusal,
          textDecoder.decode(frame.bytes.subarray(0, SAMPLE_MAX_BYTES)),
          frame.receivedTimeUs,
        )
      }
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
      else if (reading.beginning.has(textOf(row.symbol))) this.#count('before-start')
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
      if (this.instruments.find(VENUE, symbol)?.isWanted !== true || ledger.nextIdOf(symbol) >= 0) continue
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
  #instrumentOf(row: JsonObject, receivedTimeUs: number): ReplayInstrument | undefined {
    const symbol = textOf(row.symbol)
    const instrument = this.instruments.find(VENUE, symbol)
    if (instrument === undefined) {
      const detail = `symbol: expected a symbol, got "${symbol.slice(0, 64)}"`
      this.#refuse({ reason: 'invalid-symbol', detail }, sampleOf(row), receivedTimeUs)
    } else if (instrument.isWanted) return instrument
    else this.#count('unwanted-symbol')
    return undefined
  }

  /** @returns false where the row must wait for a repair */
  #takeTrade(json: JsonObject, receivedTimeUs: number, isSnapshot: boolean): boolean {
    const { ledger, position, repair, clock, settings } = this.#options
    const row = this.#trade
    const instrument = this.#instrumentOf(json, receivedTimeUs)
    if (instrument === undefined) return true
    const refusal = tradeFromKraken(json, row)
    if (refusal !== undefined) {
      this.#refuse(refusal, sampleOf(json), receivedTimeUs)
      return true
    }
    const { symbol } = instrument
    if (ledger.verdictOn(symbol, row.id, row.eventTimeUs) === 'gap') {
      const gap = ledger.miss(symbol, row.id - 1)
      position.noteChanged(symbol)
      repair.wake()
      const { catchUpMaxMs, holdMaxMs } = settings.limits
      if (this.#hold.begin(gap, clock.nowUs() + (isSnapshot ? catchUpMaxMs : holdMaxMs) * 1000)) return false
    }
    this.#heardUs.set(symbol, receivedTimeUs)
    if (!isSnapshot) this.skew.note(row.eventTimeUs, receivedTimeUs)
    if (!ledger.accept(symbol, row.id, row.eventTimeUs)) {
      this.#count('overlap')
      return true
    }
    position.noteChanged(symbol)
    row.receivedTimeUs = receivedTimeUs
    const refusalOfRow = this.#step.addTrade(instrument, row)
    if (refusalOfRow !== undefined) this.#refuse(refusalOfRow, sampleOf(json), receivedTimeUs)
    return true
  }

  #takeQuote(json: JsonObject, receivedTimeUs: number): void {
    const instrument = this.#instrumentOf(json, receivedTimeUs)
    if (instrument === undefined) return
    const refusal = quoteFromKraken(json, receivedTimeUs, this.#quote)
    if (refusal === 'one-sided') {
      this.#count('one-sided-quote')
      return
    }
    this.#heardUs.set(instrument.symbol, receivedTimeUs)
    const refusalOfRow = refusal ?? this.#step.addQuote(instrument, this.#quote)
    if (refusalOfRow !== undefined) this.#refuse(refusalOfRow, sampleOf(json), receivedTimeUs)
  }

  #refuse({ reason, detail }: Refusal, input: string, receivedTimeUs: number): void {
    this.#count(reason)
    this.#deadLetters.push({
      type: 'dead-letter',
      reason,
      detail,
      source: VENUE,
      receivedTimeMs: receivedTimeUs / 1000,
      sample: input.slice(0, DEAD_LETTER_SAMPLE_MAX_LENGTH),
    })
  }

  #count(reason: string): void {
    this.dropped[reason] = (this.dropped[reason] ?? 0) + 1
  }

  /** Those of the symbols, at most `maxCount`, of which nothing came since `sinceUs`. */
  quietSymbols(symbols: readonly string[], sinceUs: number, maxCount: number): string[] {
    return symbols.filter((symbol) => (this.#heardUs.get(symbol) ?? 0) < sinceUs).slice(0, maxCount)
  }
}

const textDecoder = new TextDecoder()
const SAMPLE_MAX_BYTES = 4 * DEAD_LETTER_SAMPLE_MAX_LENGTH

/** As the venue wrote it, but for spaces: numbers keep their digits. */
function sampleOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (part instanceof NumberText ? part.text : part))
}
