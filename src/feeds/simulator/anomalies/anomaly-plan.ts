import { FinPulseError } from '../../../base/errors.ts'
import { hashText, Random } from '../../../base/random.ts'
import { MARKET_ANOMALY_KINDS, type MarketAnomalyKind } from '../../../events/label.ts'
import type { Schedule } from '../../schedule.ts'
import { type AskedStrength, STRETCH_MAX_MS } from './anomaly-kinds.ts'
import { checkAnomalies, type MarketAnomalies, NO_ANOMALIES, SLOTS_PER_DAY } from './anomaly-options.ts'
import { type AnomalyStretch, askedStretch, drawStrength, endOf } from './anomaly-stretch.ts'

/** What of a market its anomalies depend on: the options of its world have it all. */
export interface AnomalyPlanOptions {
  readonly seed: number
  readonly symbols: readonly { readonly venue: string; readonly symbol: string }[]
  readonly schedule: Schedule
  readonly firstIndex: number
  readonly anomalies?: MarketAnomalies
}

const SLOT_US = STRETCH_MAX_MS * 1000
const DRAWN_STREAM = 0x616e6f6d
const ASKED_STREAM = 0x61736b65

/**
 * The anomalies of a market that are drawn and scheduled: a function of its options and the time, the same wherever it
 * is asked. A symbol's time is cut into slots; a slot has at most one drawn stretch, which ends in it. One that would
 * meet a scheduled stretch, begins before the market's first event, or would not get enough events, does not exist.
 */
export class AnomalyPlan {
  readonly #options: AnomalyPlanOptions
  readonly #startUs: number
  readonly #random = new Random(0)
  readonly #streams: Uint32Array
  /** Chance of each kind to be the one of a slot. */
  readonly #chances: readonly { readonly kind: MarketAnomalyKind; readonly chance: number }[]
  readonly #scheduled: readonly AnomalyStretch[]
  /** The slot that was drawn last, by symbol, and what is in it. */
  readonly #slot: Float64Array
  readonly #inSlot: (AnomalyStretch | undefined)[] = []

  /** @throws FinPulseError config-invalid, also where two scheduled stretches of a symbol would meet */
  constructor(options: AnomalyPlanOptions) {
    const { symbols, schedule, firstIndex, anomalies = NO_ANOMALIES } = options
    const names = symbols.map(({ symbol }) => symbol)
    checkAnomalies(anomalies, names, 'anomalies')
    this.#options = options
    this.#startUs = schedule.dueUs(firstIndex)
    this.#streams = Uint32Array.from(names, (name) => hashText(name))
    this.#chances = MARKET_ANOMALY_KINDS.map((kind) => ({
      kind,
      chance: (anomalies.ratesPerDay[kind] ?? 0) / SLOTS_PER_DAY,
    })).filter(({ chance }) => chance > 0)
    this.#slot = new Float64Array(symbols.length).fill(Number.NaN)
    this.#scheduled = this.#schedule(anomalies, names)
  }

  #schedule({ schedule }: MarketAnomalies, names: readonly string[]): AnomalyStretch[] {
    const stretches = schedule.map((entry) => {
      const { atMs, afterMs = 0, durationMs } = entry
      const fromUs = Math.round(atMs === undefined ? this.#startUs + afterMs * 1000 : atMs * 1000)
      return this.asked(entry, names.indexOf(entry.symbol), fromUs, durationMs !== undefined)
    })
    stretches.sort((a, b) => a.symbol - b.symbol || a.fromUs - b.fromUs)
    for (let later = 1; later < stretches.length; later++) {
      const [a, b] = [stretches[later - 1]!, stretches[later]!]
      if (a.symbol !== b.symbol || a.toUs <= b.fromUs) continue
      const text = `${b.kind} begins before ${a.kind} ends, at ${new Date(a.toUs / 1000).toISOString()}`
      throw new FinPulseError('config-invalid', `anomalies.schedule: of ${names[a.symbol]}, ${text}`)
    }
    // What was over before the market began is of no market.
    return stretches.filter(({ fromUs }) => fromUs >= this.#startUs).sort((a, b) => a.fromUs - b.fromUs)
  }

  /** A stretch that somebody wants at a time; what was not said is drawn from (seed, symbol, time). */
  asked(wanted: AskedStrength, symbol: number, fromUs: number, isDurationGiven: boolean): AnomalyStretch {
    const { seed, schedule, symbols } = this.#options
    this.#random.reseed(seed, this.#streams[symbol]! ^ ASKED_STREAM, fromUs)
    const drawn = drawStrength(this.#random, wanted)
    const isGiven = isDurationGiven || (wanted.kind === 'stale-feed' && wanted.magnitude !== undefined)
    return askedStretch(drawn, { symbol, fromUs, isDurationGiven: isGiven }, schedule, symbols.length)
  }

  /** The stretches that have a part in `[fromUs, toUs)`, in the order of (beginning, symbol). */
  touching(fromUs: number, toUs: number): AnomalyStretch[] {
    const found = this.#scheduled.filter((stretch) => stretch.fromUs < toUs && stretch.toUs > fromUs)
    if (this.#chances.length > 0) {
      for (let symbol = 0; symbol < this.#streams.length; symbol++) this.#drawnTouching(symbol, fromUs, toUs, found)
    }
    return found.sort((a, b) => a.fromUs - b.fromUs || a.symbol - b.symbol)
  }

  #drawnTouching(symbol: number, fromUs: number, toUs: number, found: AnomalyStretch[]): void {
    const phaseUs = this.#phaseUs(symbol)
    const first = Math.floor((Math.max(fromUs, this.#startUs) - phaseUs) / SLOT_US)
    for (let slot = first; slot * SLOT_US + phaseUs < toUs; slot++) {
      if (this.#slot[symbol] !== slot) {
        this.#slot[symbol] = slot
        this.#inSlot[symbol] = this.#draw(symbol, slot)
      }
      const stretch = this.#inSlot[symbol]
      if (stretch !== undefined && stretch.fromUs < toUs && stretch.toUs > fromUs) found.push(stretch)
    }
  }

  /** Slots of different symbols do not begin together, or the time would tell. */
  #phaseUs(symbol: number): number {
    return (this.#streams[symbol]! % STRETCH_MAX_MS) * 1000
  }

  #draw(symbol: number, slot: number): AnomalyStretch | undefined {
    const { seed, schedule } = this.#options
    const random = this.#random
    random.reseed(seed, this.#streams[symbol]! ^ DRAWN_STREAM, slot)
    const kind = this.#kindOf(random.next())
    if (kind === undefined) return undefined
    const { magnitude, durationMs, form } = drawStrength(random, { kind })
    const slotUs = slot * SLOT_US + this.#phaseUs(symbol)
    const fromUs = slotUs + Math.floor(random.next() * (STRETCH_MAX_MS - durationMs + 1)) * 1000
    const toUs = endOf(fromUs, durationMs, schedule, this.#streams.length)
    if (fromUs < this.#startUs || toUs > slotUs + SLOT_US || this.#meetsScheduled(symbol, fromUs, toUs))
      return undefined
    const strength = kind === 'stale-feed' ? (toUs - fromUs) / 1e6 : magnitude
    return { kind, symbol, fromUs, toUs, magnitude: strength, form }
  }

  #kindOf(chance: number): MarketAnomalyKind | undefined {
    let left = chance
    for (const { kind, chance: share } of this.#chances) {
      if (left < share) return kind
      left -= share
    }
    return undefined
  }

  #meetsScheduled(symbol: number, fromUs: number, toUs: number): boolean {
    return this.#scheduled.some((other) => other.symbol === symbol && other.fromUs < toUs && other.toUs > fromUs)
  }
}
