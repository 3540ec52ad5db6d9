import { formatDecimal, POWERS_OF_TEN } from '../../base/decimal.ts'
import type { Alert, Direction } from '../../events/alert.ts'
import type { Instrument } from '../../events/instrument.ts'
import type { TradeRow } from '../candles/candle-record.ts'
import { SlidingExtreme } from '../windows/sliding-extreme.ts'

export interface PriceMoveOptions {
  /** A move must be larger than this. */
  readonly thresholdPercent: number
  /** Both prices lie within this time. */
  readonly windowUs: number
}

export const PRICE_MOVE_DEFAULTS: PriceMoveOptions = { thresholdPercent: 5, windowUs: 60_000_000 }

interface InstrumentState {
  readonly minimum: SlidingExtreme
  readonly maximum: SlidingExtreme
  newestTimeUs: number
  isRising: boolean
  isFalling: boolean
}

/**
 * Fires when a price lies more than the threshold above the lowest, or below the highest, price of the last minute,
 * and again only after the move has fallen back within the threshold. Prices are compared as digits, so that exactly
 * 5 % is not more than 5 %.
 */
export class PriceMoveRule {
  readonly #options: PriceMoveOptions
  readonly #emit: (alert: Alert) => void
  #states: InstrumentState[] = []

  constructor(options: PriceMoveOptions, emit: (alert: Alert) => void) {
    this.#options = options
    this.#emit = emit
  }

  reserve(count: number): void {
    while (this.#states.length < count) {
      this.#states.push({
        minimum: new SlidingExtreme('minimum'),
        maximum: new SlidingExtreme('maximum'),
        newestTimeUs: 0,
        isRising: false,
        isFalling: false,
      })
    }
  }

  /**
   * @param row of which only the time is read: a double as an argument of its own would be boxed, for each trade
   * @param digits price in units of the instrument's last decimal
   */
  add(instrument: number, described: Instrument, row: Pick<TradeRow, 'eventTimeUs'>, digits: number): void {
    const { eventTimeUs } = row
    const state = this.#states[instrument]!
    // Out-of-order trades within the allowed lateness count as just come: a deque needs rising times.
    const timeUs = eventTimeUs > state.newestTimeUs ? eventTimeUs : state.newestTimeUs
    state.newestTimeUs = timeUs
    const fromUs = timeUs - this.#options.windowUs
    const { minimum, maximum } = state
    minimum.expire(fromUs)
    maximum.expire(fromUs)
    minimum.add(timeUs, digits)
    maximum.add(timeUs, digits)
    const threshold = this.#options.thresholdPercent
    const isRising = (digits - minimum.value) * 100 > threshold * minimum.value
    const isFalling = (maximum.value - digits) * 100 > threshold * maximum.value
    if (isRising !== state.isRising) {
      state.isRising = isRising
      if (isRising) this.#fire(described, eventTimeUs, digits, minimum, 'SPIKE')
    }
    if (isFalling !== state.isFalling) {
      state.isFalling = isFalling
      if (isFalling) this.#fire(described, eventTimeUs, digits, maximum, 'DROP')
    }
  }

  #fire(described: Instrument, timeUs: number, digits: number, extreme: SlidingExtreme, direction: Direction): void {
    this.#emit({
      type: 'alert',
      id: `price-move:${described.venue}:${described.symbol}:${direction}:${timeUs}`,
      kind: 'price-move',
      venue: described.venue,
      symbol: described.symbol,
      severity: 'HIGH',
      direction,
      eventTimeMs: timeUs / 1000,
      value: Math.round((digits / extreme.value - 1) * 1e8) / 1e6,
      threshold: this.#options.thresholdPercent,
      evidence: {
        unit: 'percent',
        price: formatDecimal(digits, described.priceDecimals),
        referencePrice: formatDecimal(extreme.value, described.priceDecimals),
        referenceTimeMs: extreme.timeUs / 1000,
        windowMs: this.#options.windowUs / 1000,
      },
    })
  }

  /** The instrument's prices have `places` more decimals from now on. */
  rescale(instrument: number, places: number): void {
    const state = this.#states[instrument]!
    state.minimum.scale(POWERS_OF_TEN[places]!)
    state.maximum.scale(POWERS_OF_TEN[places]!)
  }

  save(): unknown {
    return this.#states.map((state) => ({
      ...state,
      minimum: state.minimum.save(),
      maximum: state.maximum.save(),
    }))
  }

  restore(saved: unknown): void {
    const states = saved as (Omit<InstrumentState, 'minimum' | 'maximum'> & { minimum: unknown; maximum: unknown })[]
    this.#states = states.map((state) => {
      const minimum = new SlidingExtreme('minimum')
      const maximum = new SlidingExtreme('maximum')
      minimum.restore(state.minimum)
      maximum.restore(state.maximum)
      return { ...state, minimum, maximum }
    })
  }
}
