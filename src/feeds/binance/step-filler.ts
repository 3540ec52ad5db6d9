import type { Clock } from '../../base/clock.ts'
import { DEAD_LETTER_SAMPLE_MAX_LENGTH, type DeadLetter } from '../../events/dead-letter.ts'
import type { InstrumentTable } from '../../events/instrument.ts'
import type { FeedStep } from '../feed.ts'
import { createTradeRow, type Refusal } from '../market-row.ts'
import type { ReplayInstrument } from '../replay/replay-instruments.ts'
import { StepBuilder } from '../replay/step-builder.ts'
import { ClockSkew } from '../streaming/clock-skew.ts'
import type { FeedPosition } from '../streaming/feed-position.ts'
import type { Frame, FrameQueue } from '../streaming/frame-queue.ts'
import { GapHold } from '../streaming/gap-hold.ts'
import type { GapLedger } from '../streaming/gap-ledger.ts'
import type { BinanceSettings } from './binance-options.ts'
import { FrameReader } from './frame-reader.ts'
import { restIdOf, tradeFromRest } from './market-from-rest.ts'
import type { RepairLoop, RepairPage } from './repair-loop.ts'
import type { RestRow } from './rest-client.ts'

export interface StepFillerOptions {
  readonly settings: BinanceSettings
  readonly clock: Clock
  readonly instruments: InstrumentTable
  readonly ledger: GapLedger
  readonly queue: FrameQueue
  readonly repair: RepairLoop
  readonly position: FeedPosition
  readonly startedUs: number
}

/** A quote with a lower number after this time is of a venue that numbers anew, not of an overlap. */
const QUOTE_OVERLAP_US = 60_000_000

/** Makes steps of frames and of repaired rows. The frame that shows a gap, and all after it, may wait for the repair. */
export class StepFiller {
  readonly reader: FrameReader
  readonly skew = new ClockSkew()
  readonly dropped: Record<string, number> = {}
  readonly #options: StepFillerOptions
  readonly #step: StepBuilder
  readonly #repaired = createTradeRow()
  readonly #lastQuotes = new Map<ReplayInstrument, { sequence: number; receivedTimeUs: number }>()
  /** When each symbol's last message came, µs. */
  readonly #heardUs = new Map<string, number>()
  #deadLetters: DeadLetter[] = []
  readonly #hold = new GapHold()

  constructor(options: StepFillerOptions) {
    this.#options = options
    const { settings, instruments } = options
    const { pageMaxCount } = settings.facts
    // A page of a repair goes into one step.
    const rowMaxCount = Math.max(settings.limits.batchMaxCount, pageMaxCount.trade, pageMaxCount.aggTrade)
    this.reader = new FrameReader(settings)
    this.#step = new StepBuilder(instruments, rowMaxCount)
    for (const symbol of settings.symbols) this.reader.instruments.find(settings.facts.venue, symbol)
  }

  get hasWork(): boolean {
    const { repair, queue } = this.#options
    return repair.hasPage || (queue.count > 0 && !this.isHolding)
  }

  /** True while frames wait for a repair. */
  get isHolding(): boolean {
    const { repair, clock, startedUs, settings } = this.#options
    const nowUs = clock.nowUs()
    if (repair.isCatchingUp && nowUs < startedUs + settings.limits.catchUpMaxMs * 1000) return true
    return this.#hold.isHolding(nowUs)
  }

  /** The next step; without rows where there is no work. @param watermarkUs promise of a step without rows, or -1 */
  fill(watermarkUs: number): FeedStep {
    const { position, repair } = this.#options
    const { trades, quotes } = this.#step
    trades.count = 0
    trades.watermarkUs = -1
    quotes.count = 0
    this.#deadLetters = []
    this.#step.syncDecimals(this.reader.instruments.all())
    const page = repair.takePage()
    if (page !== undefined) this.#takePage(page)
    this.#takeFrames()
    if (trades.count === 0 && quotes.count === 0) trades.watermarkUs = watermarkUs
    return { trades, quotes, deadLetters: this.#deadLetters, position: position.encode() }
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
    const { settings, ledger } = this.#options
    const row = this.#repaired
    const refusal = tradeFromRest(rest, settings.tradeStream, row)
    if (refusal !== undefined) {
      this.#refuse(refusal, JSON.stringify(rest), receivedTimeUs)
      return
    }
    const id = restIdOf(rest, settings.tradeStream)
    if (ledger.verdictOn(symbol, id, row.eventTimeUs) !== 'fill') return
    ledger.accept(symbol, id, row.eventTimeUs)
    row.receivedTimeUs = receivedTimeUs
    const instrument = this.reader.instruments.find(settings.facts.venue, symbol)!
    const refusalOfRow = this.#step.addTrade(instrument, row)
    if (refusalOfRow !== undefined) this.#refuse(refusalOfRow, JSON.stringify(rest), receivedTimeUs)
  }

  #takeFrames(): void {
    const { queue } = this.#options
    while (!this.#step.isFull && this.#deadLetters.length < this.#step.trades.capacity && !this.isHolding) {
      const frame = queue.peek()
      if (frame === undefined || !this.#takeFrame(frame)) return
      queue.drop()
    }
  }

  /** @returns false where the frame must wait for a repair */
  #takeFrame(frame: Frame): boolean {
    const read = this.reader.read(frame.bytes, frame.receivedTimeUs)
    switch (read.kind) {
      case 'trade':
        return this.#takeTrade(read.instrument, frame)
      case 'quote':
        this.#takeQuote(read.instrument, frame)
        return true
      case 'empty-trade':
        this.#options.ledger.accept(read.instrument.symbol, this.reader.streamId, 0)
        this.#options.position.noteChanged(read.instrument.symbol)
        this.#count('empty-trade')
        return true
      case 'passed-over':
        this.#count('passed-over')
        return true
      case 'refused':
        this.#refuse(read.refusal, frame.bytes, frame.receivedTimeUs)
        return true
    }
  }

  #takeTrade(instrument: ReplayInstrument, frame: Frame): boolean {
    const { ledger, position, repair, clock, settings } = this.#options
    const { symbol } = instrument
    const { trade, streamId, sentTimeUs } = this.reader
    if (ledger.verdictOn(symbol, streamId, trade.eventTimeUs) === 'gap') {
      const gap = ledger.miss(symbol, streamId - 1)
      position.noteChanged(symbol)
      repair.wake()
      if (this.#hold.begin(gap, clock.nowUs() + settings.limits.holdMaxMs * 1000)) return false
    }
    this.#heardUs.set(symbol, frame.receivedTimeUs)
    this.skew.note(sentTimeUs, frame.receivedTimeUs)
    if (!ledger.accept(symbol, streamId, trade.eventTimeUs)) {
      this.#count('overlap')
      return true
    }
    position.noteChanged(symbol)
    const refusal = this.#step.addTrade(instrument, trade)
    if (refusal !== undefined) this.#refuse(refusal, frame.bytes, frame.receivedTimeUs)
    return true
  }

  #takeQuote(instrument: ReplayInstrument, frame: Frame): void {
    const { quote } = this.reader
    this.#heardUs.set(instrument.symbol, frame.receivedTimeUs)
    const last = this.#lastQuotes.get(instrument)
    const isRecent = last !== undefined && frame.receivedTimeUs - last.receivedTimeUs < QUOTE_OVERLAP_US
    if (isRecent && quote.sequence <= last.sequence) {
      this.#count('overlap')
      return
    }
    if (last === undefined) {
      this.#lastQuotes.set(instrument, { sequence: quote.sequence, receivedTimeUs: frame.receivedTimeUs })
    } else {
      last.sequence = quote.sequence
      last.receivedTimeUs = frame.receivedTimeUs
    }
    const refusal = this.#step.addQuote(instrument, quote)
    if (refusal !== undefined) this.#refuse(refusal, frame.bytes, frame.receivedTimeUs)
  }

  #refuse({ reason, detail }: Refusal, input: string | Uint8Array, receivedTimeUs: number): void {
    this.#count(reason)
    const text = typeof input === 'string' ? input : textDecoder.decode(input.subarray(0, SAMPLE_MAX_BYTES))
    this.#deadLetters.push({
      type: 'dead-letter',
      reason,
      detail,
      source: this.#options.settings.facts.venue,
      receivedTimeMs: receivedTimeUs / 1000,
      sample: text.slice(0, DEAD_LETTER_SAMPLE_MAX_LENGTH),
    })
  }

  #count(reason: string): void {
    this.dropped[reason] = (this.dropped[reason] ?? 0) + 1
  }

  /** Those of the symbols, at most `maxCount`, of which nothing came since `sinceUs`. */
  quietSymbols(symbols: readonly string[], sinceUs: number, maxCount: number): string[] {
    const quiet: string[] = []
    for (const symbol of symbols) {
      if (quiet.length === maxCount) break
      if ((this.#heardUs.get(symbol) ?? 0) < sinceUs) quiet.push(symbol)
    }
    return quiet
  }
}

const textDecoder = new TextDecoder()
const SAMPLE_MAX_BYTES = 4 * DEAD_LETTER_SAMPLE_MAX_LENGTH
