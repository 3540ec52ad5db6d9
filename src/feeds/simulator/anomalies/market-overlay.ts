import type { QuoteBatch } from '../../../events/quote-batch.ts'
import type { TradeBatch } from '../../../events/trade-batch.ts'
import type { MarketWriter } from '../world/market-writer.ts'
import { type ActiveStretch, EFFECTS, flicker, isStuffed } from './anomaly-effects.ts'
import type { AnomalyPlan } from './anomaly-plan.ts'
import type { AnomalyStretch } from './anomaly-stretch.ts'
import { MarketEvent } from './market-event.ts'

/** An injected stretch that is over, and by how many trades its symbol has had more than without it. */
export interface FinishedStretch {
  readonly stretch: AnomalyStretch
  readonly idDelta: number
}

/** The market beneath, as it is at the present event. */
export interface TouchedMarket {
  readonly writer: MarketWriter
  /** By symbol, in ticks. */
  readonly price: Float64Array
  readonly halfSpread: Float64Array
}

/** Goes through all 4,096 quantiles without coming near the last few. */
const QUANTILE_STEP = 1531

/**
 * What the anomalies of a plan, and those injected, do to the events of a market. A market is walked block by block;
 * where any stretch has a part in a block, every event of that block has to come by here.
 */
export class MarketOverlay {
  readonly #plan: AnomalyPlan
  readonly #injected = new Set<AnomalyStretch>()
  /** Stretches of the present block and their memory, which goes on from block to block. */
  #active: ActiveStretch[] = []
  readonly #bySymbol: (ActiveStretch[] | undefined)[]
  #stuffing: ActiveStretch[] = []
  #finished: FinishedStretch[] = []
  #blockEndUs = Number.NEGATIVE_INFINITY
  readonly #market: TouchedMarket
  readonly #event = new MarketEvent()
  readonly #stuffed = new MarketEvent()
  /** The quote of each symbol that was given out last in the present block; -1 before the first. */
  readonly #shownBid: Float64Array
  readonly #shownAsk: Float64Array

  constructor(plan: AnomalyPlan, injected: readonly AnomalyStretch[], market: TouchedMarket) {
    const symbolCount = market.price.length
    this.#plan = plan
    this.#injected = new Set(injected)
    this.#market = market
    this.#bySymbol = new Array<ActiveStretch[] | undefined>(symbolCount).fill(undefined)
    this.#shownBid = new Float64Array(symbolCount)
    this.#shownAsk = new Float64Array(symbolCount)
  }

  /** @returns whether any anomaly has a part in the block of the event times `[fromUs, toUs)` */
  beginBlock(fromUs: number, toUs: number): boolean {
    this.#blockEndUs = toUs
    this.#shownBid.fill(-1)
    this.#shownAsk.fill(-1)
    this.#finishBefore(fromUs)
    const stretches = this.#plan.touching(fromUs, toUs)
    for (const stretch of this.#injected) if (stretch.fromUs < toUs) stretches.push(stretch)
    const before = new Map(this.#active.map((active) => [keyOf(active.stretch), active]))
    this.#active = []
    this.#bySymbol.fill(undefined)
    this.#stuffing = []
    for (const stretch of stretches) this.#add(before.get(keyOf(stretch)) ?? begun(stretch))
    return this.#active.length > 0
  }

  #add(active: ActiveStretch): void {
    const { symbol, kind } = active.stretch
    this.#active.push(active)
    this.#bySymbol[symbol] ??= []
    this.#bySymbol[symbol].push(active)
    if (kind === 'quote-stuffing') this.#stuffing.push(active)
  }

  #finishBefore(timeUs: number): void {
    for (const stretch of this.#injected) {
      if (stretch.toUs > timeUs) continue
      this.#injected.delete(stretch)
      const idDelta = this.#active.find((active) => active.stretch === stretch)?.idDelta ?? 0
      this.#finished.push({ stretch, idDelta })
    }
  }

  /** Adds a stretch that begins at or after the next event. @returns whether it has a part in the present block */
  inject(stretch: AnomalyStretch): boolean {
    this.#injected.add(stretch)
    if (stretch.fromUs >= this.#blockEndUs) return false
    this.#add(begun(stretch))
    return true
  }

  /** The stretches of a symbol, planned or injected, that have a part in `[fromUs, toUs)`. */
  touching(symbol: number, fromUs: number, toUs: number): AnomalyStretch[] {
    return [...this.#plan.touching(fromUs, toUs), ...this.#injected].filter(
      (stretch) => stretch.symbol === symbol && stretch.fromUs < toUs && stretch.toUs > fromUs,
    )
  }

  /** The injected stretches that ended before the present block, each once. */
  takeFinished(): readonly FinishedStretch[] {
    const finished = this.#finished
    if (finished.length > 0) this.#finished = []
    return finished
  }

  /** What has been given out so far of a block that an injected stretch has a part in only now. */
  show(bids: Float64Array, asks: Float64Array): void {
    this.#shownBid.set(bids)
    this.#shownAsk.set(asks)
  }

  /**
   * One event of the market, as it is with its anomalies, written where batches are given.
   * @returns how many trade ids it uses
   */
  emit(
    trades: TradeBatch | undefined,
    quotes: QuoteBatch | undefined,
    symbol: number,
    index: number,
    timeUs: number,
    firstId: number,
    bid: number,
    ask: number,
    isBuy: boolean,
    bits: number,
    hasNewQuote: boolean,
  ): number {
    const event = this.#event
    event.begin(symbol, index, timeUs, bits)
    event.price = this.#market.price[symbol]!
    event.halfSpread = this.#market.halfSpread[symbol]!
    event.lots = this.#market.writer.lots[symbol]!
    event.isBuy = isBuy
    event.bid = bid
    event.ask = ask
    event.tradePrice = isBuy ? ask : bid
    this.#touch(event)
    if (event.isQuoted) this.#quote(quotes, event, hasNewQuote)
    if (trades !== undefined) this.#trade(trades, event, firstId)
    this.#stuff(quotes, event)
    return event.tradeCount
  }

  /** Does to an event what its symbol's stretch does, if it is in one. */
  #touch(event: MarketEvent): void {
    const active = stretchAt(this.#bySymbol[event.symbol], event.timeUs)
    if (active === undefined) return
    const { kind, fromUs, toUs } = active.stretch
    EFFECTS[kind](event, active, (event.timeUs - fromUs) / (toUs - fromUs))
    active.seenCount += 1
    active.idDelta += event.tradeCount - 1
  }

  #trade(trades: TradeBatch, event: MarketEvent, firstId: number): void {
    const { symbol, timeUs, tradePrice, isBuy, lots, quantile } = event
    for (let part = 0; part < event.tradeCount; part++) {
      // Each of several has a quantity of its own.
      const own = (quantile + part * QUANTILE_STEP) & 0xfff
      this.#market.writer.trade(trades, symbol, firstId + part, timeUs, tradePrice, isBuy, lots, own)
    }
  }

  /** Gives out a quote, if it is due or is another than the last. */
  #quote(quotes: QuoteBatch | undefined, event: MarketEvent, isDue: boolean): void {
    const { symbol, index, timeUs, bid, ask, bits } = event
    if (!isDue && bid === this.#shownBid[symbol] && ask === this.#shownAsk[symbol]) return
    this.#shownBid[symbol] = bid
    this.#shownAsk[symbol] = ask
    if (quotes !== undefined) this.#market.writer.quote(quotes, symbol, index, timeUs, bid, ask, bits)
  }

  /** With an event of one symbol comes a quote of another, whose quotes are stuffed; several of them take turns. */
  #stuff(quotes: QuoteBatch | undefined, { symbol, index, timeUs, bits }: MarketEvent): void {
    if (this.#stuffing.length === 0) return
    const running = this.#stuffing.filter(({ stretch }) => stretch.fromUs <= timeUs && timeUs < stretch.toUs)
    const stretch = running[index % Math.max(1, running.length)]?.stretch
    if (stretch === undefined || stretch.symbol === symbol || !isStuffed(stretch, bits)) return
    const stuffed = this.#stuffed
    stuffed.begin(stretch.symbol, index, timeUs, bits)
    stuffed.price = this.#market.price[stretch.symbol]!
    stuffed.halfSpread = this.#market.halfSpread[stretch.symbol]!
    stuffed.settle()
    flicker(stuffed)
    this.#quote(quotes, stuffed, true)
  }
}

function begun(stretch: AnomalyStretch): ActiveStretch {
  return { stretch, seenCount: 0, idDelta: 0, washPrice: 0, washLots: 0, washQuantile: 0 }
}

function keyOf({ symbol, fromUs }: AnomalyStretch): string {
  return `${symbol}:${fromUs}`
}

function stretchAt(stretches: readonly ActiveStretch[] | undefined, timeUs: number): ActiveStretch | undefined {
  if (stretches === undefined) return undefined
  for (const active of stretches) {
    if (active.stretch.fromUs <= timeUs && timeUs < active.stretch.toUs) return active
  }
  return undefined
}
