import type { MarketAnomalyKind } from '../../../events/label.ts'
import type { AnomalyStretch } from './anomaly-stretch.ts'
import type { MarketEvent } from './market-event.ts'
import { crashShape, pumpShape, spikeShape } from './price-shapes.ts'

/** A stretch on its way, and what its effect has to remember from event to event. */
export interface ActiveStretch {
  readonly stretch: AnomalyStretch
  /** Events of its symbol since it began. */
  seenCount: number
  /** Trades more than the market would have had; below zero: fewer. */
  idDelta: number
  /** What the trades of a wash-trade run have in common. */
  washPrice: number
  washLots: number
  washQuantile: number
}

type Effect = (event: MarketEvent, active: ActiveStretch, x: number) => void

const PERCENT = 0.01
const BASIS_POINT = 1e-4
/** What panic and a rally do to quantities, at their height. */
const CRASH_QUANTITY = 1.2
const PUMP_QUANTITY = 2.5

/** What each kind does to an event of its symbol. @param x part of the stretch that is over, [0, 1) */
export const EFFECTS: Readonly<Record<MarketAnomalyKind, Effect>> = {
  'flash-crash': (event, { stretch }, x) => {
    const shape = crashShape(x, stretch.form)
    event.lots *= 1 + CRASH_QUANTITY * shape
    movePrice(event, -stretch.magnitude * shape)
  },

  'fat-finger': (event, { stretch, seenCount }) => {
    // The quotes stay where they are.
    if (seenCount >= slipCount(stretch)) return
    event.isBuy = stretch.magnitude > 0
    event.tradePrice = Math.max(1, Math.round(event.price * (1 + stretch.magnitude * PERCENT)))
    event.lots *= 20 + 60 * stretch.form[1]
  },

  'price-spike': (event, { stretch }, x) => movePrice(event, stretch.magnitude * spikeShape(x, stretch.form)),

  'volume-burst': (event, { stretch }) => {
    // Part of it are more trades, part larger ones.
    event.tradeCount = Math.min(2 + Math.floor(3 * stretch.form[0]), Math.max(1, Math.floor(stretch.magnitude)))
    event.lots *= stretch.magnitude / event.tradeCount
  },

  'pump-and-dump': (event, { stretch }, x) => {
    const shape = pumpShape(x, stretch.form)
    event.lots *= 1 + PUMP_QUANTITY * shape
    movePrice(event, stretch.magnitude * shape)
  },

  'quote-stuffing': (event, { stretch }) => {
    event.tradeCount = 0
    if (isStuffed(stretch, event.bits)) flicker(event)
  },

  'wash-trades': (event, active) => {
    // Runs with one ordinary trade between them.
    const at = active.seenCount % (active.stretch.magnitude + 1)
    if (at === active.stretch.magnitude) return
    if (at === 0) {
      active.washPrice = event.tradePrice
      active.washLots = event.lots
      active.washQuantile = event.quantile
    }
    event.tradePrice = active.washPrice
    event.lots = active.washLots
    event.quantile = active.washQuantile
    event.isBuy = (at & 1) === Math.floor(2 * active.stretch.form[0])
  },

  'stale-feed': (event) => {
    event.tradeCount = 0
    event.isQuoted = false
  },

  'crossed-quotes': (event, { stretch }) => {
    const half = (event.price * stretch.magnitude * BASIS_POINT) / 2
    // The ticks around the middle, the wrong way round: crossed by what was asked for, or by as little as ticks allow.
    event.ask = Math.max(1, Math.floor(event.price - half))
    event.bid = Math.max(event.ask, Math.ceil(event.price + half))
  },
}

/** Trades that a fat finger makes, one to three: the first ones of its stretch. */
export function slipCount({ form }: AnomalyStretch): number {
  return 1 + Math.floor(3 * form[0])
}

function movePrice(event: MarketEvent, percent: number): void {
  event.price *= 1 + percent * PERCENT
  event.settle()
}

/** Whether an event of the market carries a quote of the symbol that is stuffed. @param bits the event's */
export function isStuffed({ magnitude }: AnomalyStretch, bits: number): boolean {
  return mixed(bits, 0x297a2d39) < magnitude * 2 ** 32
}

/** Bid and ask each a tick up, a tick down, or where they are. */
export function flicker(event: MarketEvent): void {
  const chance = mixed(event.bits, 0x2c1b3c6d)
  event.bid = Math.max(1, event.bid + (chance % 3) - 1)
  event.ask = Math.max(event.bid + 1, event.ask + (Math.floor(chance / 3) % 3) - 1)
}

/** Side, price and quantities are made of an event's bits as they are: what else is drawn from them is mixed anew. */
function mixed(bits: number, factor: number): number {
  const product = Math.imul(bits ^ (bits >>> 15), factor)
  return Math.imul(product ^ (product >>> 13), 0x85ebca6b) >>> 0
}
