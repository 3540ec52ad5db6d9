import { DEAD_LETTER_SAMPLE_MAX_LENGTH, type DeadLetter } from '../../events/dead-letter.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import { NO_ID } from '../../events/trade-batch.ts'
import type { RestRow } from '../binance/rest-requests.ts'
import { createQuoteRow, createTradeRow, type Refusal, readPositiveText } from '../rows/market-row.ts'
import { type RowInstrument, RowInstruments } from '../rows/row-instruments.ts'
import { StepBuilder } from '../rows/step-builder.ts'
import type { Reading } from './threshold-state.ts'
import type { TickerPollSettings } from './ticker-poll-options.ts'

/** What is remembered of a symbol from poll to poll, as a position holds it. */
export type SavedTicker = readonly [lastId: number, priceDecimals: number, quantityDecimals: number]

interface TickerMemory {
  readonly lastId: number
  /** Not of an earlier start: the volume in between says nothing about a poll interval. */
  readonly volume?: { readonly value: number; readonly timeUs: number }
  readonly quote: string
}

const DAY_US = 86_400_000_000

/** Turns tickers into sampled trades, quotes and readings. */
export class TickerTaker {
  readonly step: StepBuilder
  readonly dropped: Record<string, number> = {}
  deadLetters: DeadLetter[] = []
  /** Of the step, one a symbol. */
  readings = new Map<string, Reading>()
  readonly #settings: TickerPollSettings
  readonly #table = new InstrumentTable()
  readonly #instruments: RowInstruments
  readonly #memories = new Map<string, TickerMemory>()
  readonly #trade = createTradeRow()
  readonly #quote = createQuoteRow()

  constructor(settings: TickerPollSettings) {
    const { symbols, tickers, venue } = settings
    this.#settings = settings
    this.#instruments = new RowInstruments(symbols)
    for (const symbol of symbols) this.#instruments.find(venue, symbol)
    this.step = new StepBuilder(this.#table, Math.min(symbols.length, tickers.symbolMaxCount))
  }

  beginStep(): void {
    this.step.trades.count = 0
    this.step.trades.watermarkUs = -1
    this.step.quotes.count = 0
    this.deadLetters = []
    this.readings = new Map()
    this.step.syncDecimals(this.#instruments.all())
  }

  take(rows: readonly RestRow[], receivedTimeUs: number): void {
    for (const row of rows) {
      const symbol = textOf(row.symbol)
      const instrument = this.#instruments.find(this.#settings.venue, symbol)
      if (instrument?.isWanted !== true || this.readings.has(symbol)) continue
      this.#takeRow(instrument, row, receivedTimeUs)
    }
  }

  #takeRow(instrument: RowInstrument, row: RestRow, receivedTimeUs: number): void {
    const { symbol } = instrument
    const before = this.#memories.get(symbol)
    const lastId = typeof row.lastId === 'number' ? row.lastId : Number.NaN
    // Nothing has ever been traded.
    if (!Number.isSafeInteger(lastId) || lastId < 0) return
    const refusal = this.#readTrade(row, receivedTimeUs)
    if (refusal !== undefined) {
      this.#refuse(refusal, row, receivedTimeUs)
      return
    }
    const volume = Number(row.volume)
    const price = Number(row.lastPrice)
    const ofInterval = volumeOfInterval(before?.volume, volume, receivedTimeUs)
    this.readings.set(symbol, {
      timeUs: receivedTimeUs,
      price,
      ...(ofInterval === undefined ? {} : { volume: ofInterval }),
    })
    if (before?.lastId === lastId) this.count('unchanged')
    else this.#add(this.step.addTrade(instrument, this.#trade), row, receivedTimeUs)
    const quote = [row.bidPrice, row.bidQty, row.askPrice, row.askQty].map(textOf).join(' ')
    if (quote !== before?.quote) this.#takeQuote(instrument, row, receivedTimeUs)
    this.#memories.set(symbol, { lastId, volume: { value: volume, timeUs: receivedTimeUs }, quote })
  }

  /**
   * The newest trade as a sample: its price and quantity, but not its id, since those between two samples are not followed.
   * The venue does not say when it was, so its time is that of arrival.
   */
  #readTrade(row: RestRow, receivedTimeUs: number): Refusal | undefined {
    const into = this.#trade
    into.id = NO_ID
    into.tradeCount = 1
    into.flags = 0
    into.eventTimeUs = receivedTimeUs
    into.receivedTimeUs = receivedTimeUs
    return (
      readPositiveText('price', textOf(row.lastPrice), into.price) ??
      readPositiveText('quantity', textOf(row.lastQty), into.quantity)
    )
  }

  /** USD-M tells no best prices here, and an empty side of the book is no quote. */
  #takeQuote(instrument: RowInstrument, row: RestRow, receivedTimeUs: number): void {
    const into = this.#quote
    const sides = [
      ['price', row.bidPrice, into.bidPrice],
      ['price', row.askPrice, into.askPrice],
      ['quantity', row.bidQty, into.bidQuantity],
      ['quantity', row.askQty, into.askQuantity],
    ] as const
    if (sides.some(([field, value, digits]) => readPositiveText(field, textOf(value), digits) !== undefined)) {
      this.count('without-quote')
      return
    }
    into.eventTimeUs = receivedTimeUs
    into.receivedTimeUs = receivedTimeUs
    into.sequence = -1
    this.#add(this.step.addQuote(instrument, into), row, receivedTimeUs)
  }

  #add(refusal: Refusal | undefined, row: RestRow, receivedTimeUs: number): void {
    if (refusal !== undefined) this.#refuse(refusal, row, receivedTimeUs)
  }

  #refuse({ reason, detail }: Refusal, row: RestRow, receivedTimeUs: number): void {
    this.count(reason)
    const sample = JSON.stringify(row).slice(0, DEAD_LETTER_SAMPLE_MAX_LENGTH)
    const source = this.#settings.venue
    this.deadLetters.push({
      type: 'dead-letter',
      reason,
      detail,
      source,
      receivedTimeMs: receivedTimeUs / 1000,
      sample,
    })
  }

  count(reason: string): void {
    this.dropped[reason] = (this.dropped[reason] ?? 0) + 1
  }

  save(): Record<string, SavedTicker> {
    const saved: Record<string, SavedTicker> = {}
    for (const [symbol, { lastId }] of this.#memories) {
      const index = this.#table.find(this.#settings.venue, symbol)
      const decimals = index === undefined ? undefined : this.#table.at(index)
      saved[symbol] = [lastId, decimals?.priceDecimals ?? 0, decimals?.quantityDecimals ?? 0]
    }
    return saved
  }

  restore(saved: Readonly<Record<string, SavedTicker>>): void {
    for (const symbol of this.#settings.symbols) {
      const ticker = saved[symbol]
      if (ticker === undefined) continue
      const [lastId, priceDecimals, quantityDecimals] = ticker
      this.#table.register(this.#settings.venue, symbol, priceDecimals, quantityDecimals)
      this.#memories.set(symbol, { lastId, quote: '' })
    }
  }
}

/**
 * Volume since the poll before. The venue gives that of the last 24 hours: what has come since is its growth and what has
 * left the other end meanwhile, of which only the mean is known. So it is an estimate, good for telling a multiple of the
 * usual; it never becomes a quantity of a trade.
 */
function volumeOfInterval(before: TickerMemory['volume'], volume: number, nowUs: number): number | undefined {
  if (before === undefined || !Number.isFinite(volume)) return undefined
  const left = (before.value * (nowUs - before.timeUs)) / DAY_US
  return Math.max(0, volume - before.value + left)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
