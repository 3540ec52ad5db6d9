import { deserialize, serialize } from 'node:v8'
import { digitsToNumber, LIMB } from '../base/decimal.ts'
import { FinPulseError } from '../base/errors.ts'
import type { Candle } from '../events/candle.ts'
import { type Instrument, InstrumentTable } from '../events/instrument.ts'
import { INTERVALS } from '../events/interval.ts'
import { tradeAt } from '../events/json.ts'
import { OFF_MARKET, type TradeBatch } from '../events/trade-batch.ts'
import { Z_SCORE_DEFAULTS, ZScoreDetector, type ZScoreOptions } from './anomaly/z-score-detector.ts'
import { CandleBuilder } from './candles/candle-builder.ts'
import { CLOSE_TIME_US, type TradeRow, VOLUME } from './candles/candle-record.ts'
import type { Outputs, TradeProcessor } from './processor.ts'
import { PRICE_MOVE_DEFAULTS, type PriceMoveOptions, PriceMoveRule } from './rules/price-move-rule.ts'
import { VOLUME_DEFAULTS, type VolumeOptions, VolumeRule } from './rules/volume-rule.ts'
import { type MissingIds, TradeLedger } from './trade-ledger.ts'

export interface MarketProcessorOptions {
  /** How far the watermark trails the newest event time, µs, at most a minute. */
  readonly allowedLatenessUs: number
  /** Provisional candles are given out as often as this in event time; 0: never (ask `openCandles`). */
  readonly provisionalEveryUs: number
  readonly zScore: ZScoreOptions
  readonly priceMove: PriceMoveOptions
  readonly volume: VolumeOptions
}

export const MARKET_PROCESSOR_DEFAULTS: MarketProcessorOptions = {
  allowedLatenessUs: 2_000_000,
  provisionalEveryUs: 0,
  zScore: Z_SCORE_DEFAULTS,
  priceMove: PRICE_MOVE_DEFAULTS,
  volume: VOLUME_DEFAULTS,
}

/** Raised when the form of the snapshot changes: a data directory with another one is refused. */
export const SNAPSHOT_VERSION = 1

/** Before the first trade. */
const UNSET = -1

/** The market pipeline of one partition: ledger → watermark → candles → detectors. */
export class MarketProcessor implements TradeProcessor {
  readonly instruments = new InstrumentTable()
  readonly #options: MarketProcessorOptions
  readonly #outputs: Outputs
  readonly #ledger = new TradeLedger()
  readonly #candles: CandleBuilder
  readonly #zScore: ZScoreDetector
  readonly #priceMove: PriceMoveRule
  readonly #volume: VolumeRule
  #newestTimeUs = Number.NEGATIVE_INFINITY
  #watermarkUs = Number.NEGATIVE_INFINITY
  /** The watermark at which something is to be done next. */
  #dueUs = Number.POSITIVE_INFINITY
  /** Infinity where none are wanted, or no more. */
  #nextProvisionalUs: number
  #tableVersion = -1
  #described: Instrument[] = []
  readonly #row: TradeRow = {
    eventTimeUs: 0,
    id: 0,
    tradeCount: 0,
    priceLow: 0,
    priceHigh: 0,
    quantityLow: 0,
    quantityHigh: 0,
    flags: 0,
  }
  tradeCount = 0
  tooLateCount = 0

  constructor(options: Partial<MarketProcessorOptions>, outputs: Outputs) {
    this.#options = { ...MARKET_PROCESSOR_DEFAULTS, ...options }
    this.#outputs = outputs
    const { allowedLatenessUs, zScore, priceMove, volume } = this.#options
    if (!(allowedLatenessUs >= 0 && allowedLatenessUs <= 60_000_000)) {
      throw new FinPulseError('config-invalid', `allowed lateness: expected 0 to 60 s, got ${allowedLatenessUs} µs`)
    }
    const emit = (alert: Parameters<Outputs['alert']>[0]) => outputs.alert(alert)
    this.#nextProvisionalUs = this.#options.provisionalEveryUs > 0 ? UNSET : Number.POSITIVE_INFINITY
    this.#zScore = new ZScoreDetector(zScore, emit)
    this.#priceMove = new PriceMoveRule(priceMove, emit)
    this.#volume = new VolumeRule(volume, emit)
    this.#candles = new CandleBuilder(this.instruments, {
      candle: (candle) => outputs.candle(candle),
      isGapped: (instrument, openTimeUs, closeTimeUs) => this.#ledger.isGapped(instrument, openTimeUs, closeTimeUs),
      minuteClosed: (instrument, slab, at, isComplete) => this.#onMinute(instrument, slab, at, isComplete),
    })
  }

  get duplicateCount(): number {
    return this.#ledger.duplicateCount
  }

  /** Newest event time seen, µs; -Infinity before the first trade. */
  get newestTimeUs(): number {
    return this.#newestTimeUs
  }

  onTrades(batch: TradeBatch): void {
    if (this.#tableVersion !== this.instruments.version) this.#syncInstruments()
    this.tradeCount += batch.count
    if (this.#nextProvisionalUs === UNSET && batch.count > 0) this.#beginProvisional(batch.eventTimeUs[0]!)
    for (let row = 0; row < batch.count; row++) this.#onTrade(batch, row)
    if (batch.watermarkUs > this.#watermarkUs) {
      this.#newestTimeUs = Math.max(this.#newestTimeUs, batch.watermarkUs)
      this.#advance(batch.watermarkUs)
    }
    this.#candles.giveRevisions()
  }

  #onTrade(batch: TradeBatch, index: number): void {
    const instrument = batch.instrument[index]!
    const eventTimeUs = batch.eventTimeUs[index]!
    const id = batch.id[index]!
    const tradeCount = batch.tradeCount[index]!
    if (eventTimeUs > this.#newestTimeUs) {
      this.#newestTimeUs = eventTimeUs
      const watermarkUs = eventTimeUs - this.#options.allowedLatenessUs
      if (watermarkUs > this.#watermarkUs) {
        if (watermarkUs >= this.#dueUs) this.#advance(watermarkUs)
        else this.#watermarkUs = watermarkUs
      }
    }
    if (!this.#ledger.accept(instrument, id, tradeCount, eventTimeUs)) return
    const flags = batch.flags[index]!
    if ((flags & OFF_MARKET) !== 0) {
      if (this.#ledger.hasFilledGap) this.#patchFilled(instrument)
      return
    }
    const row = this.#row
    row.eventTimeUs = eventTimeUs
    row.id = id
    row.tradeCount = tradeCount
    row.priceLow = batch.priceLow[index]!
    row.priceHigh = batch.priceHigh[index]!
    row.quantityLow = batch.quantityLow[index]!
    row.quantityHigh = batch.quantityHigh[index]!
    row.flags = flags
    if (!this.#candles.add(instrument, row, this.#watermarkUs)) {
      this.#refuseLate(batch, index)
      this.#ledger.noteLost(instrument, eventTimeUs)
      if (this.#ledger.hasFilledGap) this.#patchFilled(instrument)
      return
    }
    if (this.#ledger.hasFilledGap) this.#patchFilled(instrument)
    const described = this.#described[instrument]!
    const digits = row.priceHigh === 0 ? row.priceLow : row.priceHigh * LIMB + row.priceLow
    this.#priceMove.add(instrument, described, row, digits)
    if (this.#zScore.isDue(instrument, eventTimeUs)) {
      const price = digitsToNumber(row.priceLow, row.priceHigh, described.priceDecimals)
      this.#zScore.addPoint(instrument, described, eventTimeUs, price)
    }
    this.#noteDue()
  }

  #beginProvisional(eventTimeUs: number): void {
    this.#nextProvisionalUs = nextMultiple(eventTimeUs, this.#options.provisionalEveryUs)
    this.#findDue()
  }

  /** A trade may have opened a candle or a gap that is due before everything else. */
  #noteDue(): void {
    if (this.#candles.nextCloseUs < this.#dueUs) this.#dueUs = this.#candles.nextCloseUs
    if (this.#ledger.nextDueUs < this.#dueUs) this.#dueUs = this.#ledger.nextDueUs
  }

  #refuseLate(batch: TradeBatch, index: number): void {
    this.tooLateCount += 1
    const trade = tradeAt(batch, index)
    this.#outputs.deadLetter({
      type: 'dead-letter',
      reason: 'too-late',
      detail: `trade of ${trade.symbol}: its candles are no longer kept`,
      source: trade.venue,
      receivedTimeMs: trade.receivedTimeMs,
      sample: JSON.stringify(trade),
    })
  }

  /** Does all that is due up to the watermark, in order of time. */
  #advance(watermarkUs: number): void {
    const { provisionalEveryUs } = this.#options
    this.#candles.giveRevisions()
    while (this.#dueUs <= watermarkUs && this.#dueUs < Number.POSITIVE_INFINITY) {
      const dueUs = this.#dueUs
      this.#ledger.declareGaps(watermarkUs, (instrument, range) => this.#declareGap(instrument, range))
      if (this.#nextProvisionalUs <= dueUs) {
        this.#candles.showProvisional()
        this.#nextProvisionalUs = nextMultiple(dueUs, provisionalEveryUs)
      }
      this.#candles.giveRevisions()
      if (this.#candles.nextCloseUs <= dueUs) this.#candles.close(dueUs)
      this.#findDue()
    }
    this.#watermarkUs = Math.max(this.#watermarkUs, watermarkUs)
  }

  #findDue(): void {
    this.#dueUs = Math.min(this.#candles.nextCloseUs, this.#ledger.nextDueUs, this.#nextProvisionalUs)
  }

  #declareGap(instrument: number, range: MissingIds): void {
    const { venue, symbol } = this.instruments.at(instrument)
    this.#outputs.gap({
      type: 'gap',
      venue,
      symbol,
      fromId: range.fromId,
      toId: range.toId,
      missingCount: range.toId - range.fromId + 1,
      previousEventTimeMs: range.previousEventTimeUs / 1000,
      eventTimeMs: range.eventTimeUs / 1000,
      foundBy: 'processor',
    })
    this.#candles.markGapped(instrument, range.previousEventTimeUs, range.eventTimeUs)
  }

  /** The trade that was just added is the last of a gap. */
  #patchFilled(instrument: number): void {
    const { previousEventTimeUs, eventTimeUs } = this.#ledger.takeFilledGap()!
    this.#candles.markPatched(instrument, previousEventTimeUs, eventTimeUs)
  }

  #onMinute(instrument: number, slab: Float64Array, at: number, isComplete: boolean): void {
    // A minute that is not wholly there would look quiet, and make the next one look loud.
    if (!isComplete) return
    const described = this.#described[instrument]!
    const volume = digitsToNumber(slab[at + VOLUME]!, slab[at + VOLUME + 1]!, described.quantityDecimals)
    this.#volume.addMinute(instrument, described, slab[at + CLOSE_TIME_US]!, volume)
  }

  finish(): void {
    this.#candles.endCoverage(this.#newestTimeUs)
    this.#nextProvisionalUs = Number.POSITIVE_INFINITY
    this.#findDue()
    this.#advance(Number.POSITIVE_INFINITY)
  }

  /** The candles of a symbol that are not final yet, shortest interval first, oldest first. */
  openCandles(instrument: number): Candle[] {
    if (this.#tableVersion !== this.instruments.version) this.#syncInstruments()
    return INTERVALS.flatMap((_, interval) => this.#candles.openCandles(instrument, interval))
  }

  #syncInstruments(): void {
    const { count } = this.instruments
    this.#candles.syncInstruments()
    this.#ledger.reserve(count)
    this.#zScore.reserve(count)
    this.#priceMove.reserve(count)
    for (let index = 0; index < count; index++) {
      const described = this.instruments.at(index)
      const places = described.priceDecimals - (this.#described[index]?.priceDecimals ?? described.priceDecimals)
      if (places > 0) this.#priceMove.rescale(index, places)
      this.#described[index] = described
    }
    this.#tableVersion = this.instruments.version
  }

  snapshot(): Uint8Array {
    return serialize({
      version: SNAPSHOT_VERSION,
      instruments: this.#described,
      ledger: this.#ledger.save(),
      candles: this.#candles.save(),
      zScore: this.#zScore.save(),
      priceMove: this.#priceMove.save(),
      volume: this.#volume.save(),
      newestTimeUs: this.#newestTimeUs,
      watermarkUs: this.#watermarkUs,
      nextProvisionalUs: this.#nextProvisionalUs,
      tradeCount: this.tradeCount,
      tooLateCount: this.tooLateCount,
    })
  }

  restore(snapshot: Uint8Array): void {
    const state = deserialize(snapshot)
    if (state.version !== SNAPSHOT_VERSION) {
      throw new FinPulseError('data-dir-incompatible', `processor snapshot: version ${state.version} is not readable`)
    }
    for (const { venue, symbol, priceDecimals, quantityDecimals } of state.instruments as Instrument[]) {
      this.instruments.register(venue, symbol, priceDecimals, quantityDecimals)
    }
    this.#described = state.instruments
    this.#ledger.restore(state.ledger)
    this.#candles.restore(state.candles)
    this.#zScore.restore(state.zScore)
    this.#priceMove.restore(state.priceMove)
    this.#volume.restore(state.volume)
    this.#newestTimeUs = state.newestTimeUs
    this.#watermarkUs = state.watermarkUs
    this.#nextProvisionalUs = state.nextProvisionalUs
    this.tradeCount = state.tradeCount
    this.tooLateCount = state.tooLateCount
    this.#syncInstruments()
    this.#findDue()
  }
}

/** The first multiple of `step` after `value`. */
function nextMultiple(value: number, step: number): number {
  return (Math.floor(value / step) + 1) * step
}
