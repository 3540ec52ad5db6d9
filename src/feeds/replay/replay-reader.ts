import { stat } from 'node:fs/promises'
import { FinPulseError } from '../../base/errors.ts'
import type { DeadLetter } from '../../events/dead-letter.ts'
import type { InstrumentTable } from '../../events/instrument.ts'
import type { QuoteBatch } from '../../events/quote-batch.ts'
import type { TradeBatch } from '../../events/trade-batch.ts'
import { RowInstruments } from '../rows/row-instruments.ts'
import { type RowCounts, RowLedger } from '../rows/row-ledger.ts'
import { RowSink } from '../rows/row-sink.ts'
import { StepBuilder } from '../rows/step-builder.ts'
import { unreadable } from './byte-source.ts'
import type { ReplayFormat } from './detect-format.ts'
import type { Kline } from './kline-lines.ts'
import type { ReplayInput } from './line-input.ts'
import { openEntries, openInput, STANDARD_INPUT } from './open-input.ts'
import type { PositionInstrument, ReplayPosition } from './replay-position.ts'
import type { EntrySequence } from './zip-source.ts'

export interface ReplayOptions {
  /** Files in the order of the stream, each plain, `.gz` or `.zip`; `-` is standard input. */
  readonly paths: readonly string[]
  /** Told from each input's content where it is not given. */
  readonly format?: ReplayFormat
  /**
   * Of rows that name none. Where it is not given: a Binance capture's is told from its messages (`guessBinanceVenue`),
   * CSV's and Parquet's is `file`.
   */
  readonly venue?: string
  /** Only these symbols, as they are written in the input; all where it is not given. */
  readonly symbols?: readonly string[]
  /** Most trades, and most quotes, of one step. */
  readonly batchMaxCount?: number
  readonly instruments: InstrumentTable
  /**
   * Takes the candles of Binance's kline dumps among the files, in the order of their lines: they are no events, and no
   * step has them. Without it such a file is refused.
   */
  readonly onKline?: (kline: Kline) => void
  /** Goes on behind a step of an earlier reader over the same paths. */
  readonly startAt?: ReplayPosition
}

/** The rows of one span of records, trades and quotes each in their order in the file. Either may be empty. */
export interface ReplayStep {
  readonly trades: TradeBatch
  readonly quotes: QuoteBatch
}

const BATCH_MAX_COUNT = 8192
/** A step also ends after this many records for each row that it may hold: lines that hold no event are many. */
const RECORDS_PER_ROW = 8

/**
 * Reads recorded market data: Binance captures, FinPulse NDJSON, CSV, LEAN and Parquet, as one stream of batches. Steps depend
 * on the input alone, so the same files give the same steps, also from a position on. One call of `next` at a time.
 */
export class ReplayReader {
  readonly #options: ReplayOptions
  readonly #fileBytes: readonly number[]
  readonly #rowMaxCount: number
  readonly #ledger: RowLedger
  readonly #known: RowInstruments
  readonly #sink: RowSink
  #file: number
  #entry: number
  /** Records of the entry to step over when it is opened; then the input counts. */
  #startRecord: number
  #venue: string | undefined
  #entries: EntrySequence | undefined
  #input: ReplayInput | undefined
  #failure: FinPulseError | undefined

  private constructor(options: ReplayOptions, fileBytes: readonly number[]) {
    const start = options.startAt
    this.#options = options
    this.#fileBytes = fileBytes
    this.#rowMaxCount = options.batchMaxCount ?? BATCH_MAX_COUNT
    this.#ledger = new RowLedger(start?.counts)
    this.#known = new RowInstruments(options.symbols)
    this.#sink = new RowSink(this.#known, this.#ledger, new StepBuilder(options.instruments, 0))
    this.#file = start?.file ?? 0
    this.#entry = start?.entry ?? 0
    this.#startRecord = start?.line ?? 0
    this.#venue = start?.venue
    this.#sink.lastTradeTimeUs = start?.lastTradeTimeUs ?? Number.NaN
    this.#restoreInstruments(start?.instruments ?? [])
  }

  /**
   * Looks at every path before anything is read.
   * @throws FinPulseError input-unreadable where one is missing or a directory, config-invalid
   */
  static async open(options: ReplayOptions): Promise<ReplayReader> {
    const { batchMaxCount = BATCH_MAX_COUNT } = options
    if (!Number.isInteger(batchMaxCount) || batchMaxCount < 1) {
      throw new FinPulseError('config-invalid', `batchMaxCount: expected an integer from 1, got ${batchMaxCount}`)
    }
    const sizes: number[] = []
    for (const path of options.paths) {
      if (path === STANDARD_INPUT) {
        sizes.push(0)
        continue
      }
      const status = await stat(path).catch((error: unknown) => {
        throw unreadable(path, 'cannot be opened', error)
      })
      if (status.isDirectory()) throw unreadable(path, 'is a directory; expected a file')
      sizes.push(status.size)
    }
    return new ReplayReader(options, sizes)
  }

  /** What was read so far, from the very beginning where this reader was started at a position. */
  get counts(): RowCounts {
    return this.#ledger.snapshot()
  }

  /** Size of all files, compressed as they are; standard input counts as 0. */
  get bytesTotal(): number {
    return this.#fileBytes.reduce((sum, bytes) => sum + bytes, 0)
  }

  get bytesRead(): number {
    const done = this.#fileBytes.slice(0, this.#file).reduce((sum, bytes) => sum + bytes, 0)
    return done + (this.#input?.bytesRead ?? 0)
  }

  /** Where the last step ended. */
  get position(): ReplayPosition {
    const { lastTradeTimeUs } = this.#sink
    return {
      file: this.#file,
      entry: this.#entry,
      line: this.#input?.recordCount ?? this.#startRecord,
      ...(this.#venue === undefined ? {} : { venue: this.#venue }),
      ...(Number.isNaN(lastTradeTimeUs) ? {} : { lastTradeTimeUs }),
      instruments: this.#instrumentsInOrder(),
      counts: this.counts,
    }
  }

  /** The dead letters since the last call: the first few of each reason, see SAMPLES_PER_REASON; all are counted. */
  drainDeadLetters(): DeadLetter[] {
    return this.#ledger.drainDeadLetters()
  }

  /**
   * The next rows, or undefined at the end of all inputs.
   * @throws FinPulseError input-unreadable for an input that is damaged or cut short, after all that could be read of it
   * was given, and format-unknown; a further call goes on with the next input
   */
  async next(): Promise<ReplayStep | undefined> {
    if (this.#failure !== undefined) await this.#giveUpInput(this.#failure)
    const step = new StepBuilder(this.#options.instruments, this.#rowMaxCount)
    this.#sink.step = step
    step.syncDecimals(this.#known.all())
    let recordsLeft = this.#rowMaxCount * RECORDS_PER_ROW
    let hasEnded = false
    while (!step.isFull && recordsLeft > 0) {
      try {
        const count = await this.#advance(recordsLeft)
        if (count === undefined) {
          hasEnded = true
          break
        }
        recordsLeft -= count
        step.syncDecimals(this.#known.all())
      } catch (error) {
        const isEmpty = recordsLeft === this.#rowMaxCount * RECORDS_PER_ROW
        await this.#failOrKeep(error, isEmpty)
        break
      }
    }
    const isEmpty = step.trades.count === 0 && step.quotes.count === 0
    return hasEnded && isEmpty ? undefined : { trades: step.trades, quotes: step.quotes }
  }

  async close(): Promise<void> {
    const input = this.#input
    const entries = this.#entries
    this.#input = undefined
    this.#entries = undefined
    await input?.close()
    await entries?.close()
  }

  /** Reads what is at hand, or waits for more. @returns records read, or undefined at the end of all inputs */
  async #advance(recordMaxCount: number): Promise<number | undefined> {
    const input = this.#input
    if (input === undefined) return (await this.#openNext()) ? 0 : undefined
    const count = input.read(this.#sink, recordMaxCount)
    if (count === 0 && !(await input.fetch())) await this.#closeInput()
    return count
  }

  /** @returns false at the end of all inputs */
  async #openNext(): Promise<boolean> {
    const { paths, format, venue, onKline } = this.#options
    const path = paths[this.#file]
    if (path === undefined) return false
    if (this.#entries === undefined) {
      this.#entries = await openEntries(path)
      await this.#entries.skip(this.#entry)
    }
    const source = await this.#entries.next()
    if (source === undefined) {
      await this.#closeFile()
      return true
    }
    const plainPath = source.name === path ? path : undefined
    const startRecord = this.#startRecord
    const opened = await openInput(plainPath, source, {
      format,
      venue: venue ?? this.#venue,
      startRecord,
      onKline,
    })
    if (opened === undefined) {
      this.#entry += 1
      return true
    }
    this.#input = opened.input
    this.#venue = opened.venue
    await opened.input.skip(startRecord)
    return true
  }

  async #closeInput(): Promise<void> {
    const input = this.#input
    this.#input = undefined
    this.#entry += 1
    this.#startRecord = 0
    this.#venue = undefined
    await input?.close()
  }

  async #closeFile(): Promise<void> {
    const entries = this.#entries
    this.#entries = undefined
    this.#file += 1
    this.#entry = 0
    this.#startRecord = 0
    this.#venue = undefined
    await entries?.close()
  }

  /** Keeps an input's failure for the next call where this step has already read something. */
  async #failOrKeep(error: unknown, isEmpty: boolean): Promise<void> {
    if (!(error instanceof FinPulseError) || error.code === 'internal') throw error
    if (isEmpty) await this.#giveUpInput(error)
    this.#failure = error
  }

  /** Leaves a failed input behind, so that a further call goes on with the next one. @throws the failure */
  async #giveUpInput(failure: FinPulseError): Promise<never> {
    this.#failure = undefined
    this.#ledger.unreadableInputs += 1
    this.#input?.refuseTorn(this.#sink)
    // Without its entries a file cannot be gone on with.
    if (this.#entries === undefined) await this.#closeFile()
    else await this.#closeInput()
    throw failure
  }

  #instrumentsInOrder(): PositionInstrument[] {
    return [...this.#known.all()]
      .filter((instrument) => instrument.index >= 0)
      .sort((a, b) => a.index - b.index)
      .map(({ isWanted: _isWanted, index: _index, ...rest }) => rest)
  }

  #restoreInstruments(saved: readonly PositionInstrument[]): void {
    const table = this.#options.instruments
    for (const { venue, symbol, ...state } of saved) {
      const instrument = this.#known.find(venue, symbol)
      if (instrument === undefined) throw new FinPulseError('event-invalid', `startAt: ${venue}/${symbol} is no name`)
      Object.assign(instrument, state)
      instrument.index = table.register(venue, symbol, state.priceDecimals, state.quantityDecimals)
    }
  }
}
