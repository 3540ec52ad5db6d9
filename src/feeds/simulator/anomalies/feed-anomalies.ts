import { FinPulseError } from '../../../base/errors.ts'
import type { MarketLabel } from '../../../events/label.ts'
import type { MarketWorld, MarketWorldOptions } from '../world/market-world.ts'
import { type AskedStrength, checkKind, checkStrength } from './anomaly-kinds.ts'
import { type MarketAnomalies, settledAnomalies, shortList } from './anomaly-options.ts'
import { AnomalyPlan } from './anomaly-plan.ts'
import { type AnomalyStretch, labelOf } from './anomaly-stretch.ts'
import { MarketLabels } from './market-labels.ts'

/** What a feed goes on with of its anomalies: part of its position. */
export interface AnomalyPosition {
  /** As they are settled. */
  readonly anomalies: MarketAnomalies
  /** When the first event of the market was due, µs. */
  readonly marketStartUs: number
  /** Injected stretches that are not known to be over. */
  readonly injected: readonly AnomalyStretch[]
  /** Trade ids that injected stretches which are over have used more, or less, by symbol. */
  readonly idShift: Float64Array
  /** Labels that no plan has, and that have not been given out: of injected stretches, or from before a change. */
  readonly owed: readonly MarketLabel[]
}

/** An anomaly that is to begin at once. */
export interface AnomalyInjection extends AskedStrength {
  /** Any that nothing is wrong with, unless told. */
  readonly symbol?: string | undefined
}

/** The anomalies of a feed: labels in time, injection, and what its position says of both. */
export class FeedAnomalies {
  readonly #world: MarketWorld
  readonly #options: MarketWorldOptions
  readonly #plan: AnomalyPlan
  readonly #labels: MarketLabels
  readonly #before: AnomalyPosition
  readonly #idShift: Float64Array
  #injected: AnomalyStretch[]
  #owed: MarketLabel[]

  /** @param position that `options` and `world`, which stands at its next event, were made with */
  constructor(position: AnomalyPosition, options: MarketWorldOptions, world: MarketWorld) {
    this.#world = world
    this.#options = options
    this.#plan = new AnomalyPlan(options)
    this.#before = position
    this.#idShift = position.idShift.slice()
    this.#injected = [...position.injected]
    this.#owed = [...position.owed]
    this.#labels = new MarketLabels(options)
    for (const label of this.#owed) this.#labels.add(label)
    this.#labels.skipTo(options.schedule.dueUs(world.index))
  }

  /** The labels that have become known by the world's next event, each once. */
  takeLabels(): MarketLabel[] {
    for (const { stretch, idDelta } of this.#world.takeFinished()) {
      this.#injected = this.#injected.filter((other) => other !== stretch)
      this.#idShift[stretch.symbol]! += idDelta
    }
    const labels = this.#labels.before(this.#options.schedule.dueUs(this.#world.index))
    if (labels.length > 0 && this.#owed.length > 0) {
      const given = new Set(labels.map(({ id }) => id))
      this.#owed = this.#owed.filter(({ id }) => !given.has(id))
    }
    return labels
  }

  position(): AnomalyPosition {
    return { ...this.#before, injected: this.#injected, idShift: this.#idShift, owed: this.#owed }
  }

  /**
   * Lets an anomaly begin with the next event of the market. It is durable with the next committed step.
   * @returns what it will be labelled as
   * @throws FinPulseError request-invalid for an unknown symbol or kind, a value out of range, and where a stretch of
   * the symbol is under way or would begin before this one ends
   */
  inject(injection: AnomalyInjection): MarketLabel {
    checkKind(injection.kind, 'kind', 'request-invalid')
    checkStrength(injection, '', 'request-invalid')
    const fromUs = this.#nextUs()
    const stretch = injection.symbol === undefined ? this.#anywhere(injection, fromUs) : this.#at(injection, fromUs)
    const { symbols, anomalies } = this.#options
    const label = labelOf(stretch, symbols[stretch.symbol]!, anomalies?.labelDelayMs ?? 0)
    this.#world.inject(stretch)
    this.#injected.push(stretch)
    this.#owed.push(label)
    this.#labels.add(label)
    return label
  }

  /** When the next event is due; after the one before it, which is not to be touched any more. */
  #nextUs(): number {
    const { schedule, firstIndex } = this.#options
    const { index } = this.#world
    return index === firstIndex ? schedule.dueUs(index) : Math.max(schedule.dueUs(index), schedule.dueUs(index - 1) + 1)
  }

  #at(injection: AnomalyInjection, fromUs: number): AnomalyStretch {
    const names = this.#options.symbols.map(({ symbol }) => symbol)
    const wanted = injection.symbol!
    const exact = names.indexOf(wanted)
    const symbol = exact >= 0 ? exact : names.findIndex((name) => name.toUpperCase() === wanted.toUpperCase())
    if (symbol < 0) {
      const allowed = `one of ${shortList(names)}`
      throw refused(`symbol: expected ${allowed}, got "${wanted}"`, { parameter: 'symbol', value: wanted, allowed })
    }
    const stretch = this.#asked(injection, symbol, fromUs)
    const other = this.#other(stretch)
    if (other === undefined) return stretch
    const isRunning = other.fromUs <= fromUs
    const until = new Date(Math.ceil((isRunning ? other.toUs : other.fromUs) / 1000)).toISOString()
    throw refused(
      `symbol: ${names[symbol]} ${isRunning ? `is in a ${other.kind} until` : `has a ${other.kind} from`} ${until} ` +
        `of market time; inject ${isRunning ? 'after it' : 'a shorter one, or after it'}, or into another symbol`,
      { parameter: 'symbol', value: wanted },
    )
  }

  /** Begins with another symbol each time, and takes the first that nothing is wrong with. */
  #anywhere(injection: AnomalyInjection, fromUs: number): AnomalyStretch {
    const count = this.#options.symbols.length
    for (let tried = 0; tried < count; tried++) {
      const stretch = this.#asked(injection, (this.#world.index + tried) % count, fromUs)
      if (this.#other(stretch) === undefined) return stretch
    }
    throw refused('symbol: an anomaly is under way, or is about to be, in every symbol; ask again when one is over', {})
  }

  #asked(injection: AnomalyInjection, symbol: number, fromUs: number): AnomalyStretch {
    return this.#plan.asked(injection, symbol, fromUs, injection.durationMs !== undefined)
  }

  /** The first stretch that this one would meet. */
  #other({ symbol, fromUs, toUs }: AnomalyStretch): AnomalyStretch | undefined {
    return this.#world.stretchesOf(symbol, fromUs, toUs).toSorted((a, b) => a.fromUs - b.fromUs)[0]
  }
}

/** What a new market begins with. */
export function firstAnomalies(
  given: Partial<MarketAnomalies> | undefined,
  marketStartUs: number,
  symbolCount: number,
): AnomalyPosition {
  return {
    anomalies: settledAnomalies(given ?? {}, marketStartUs),
    marketStartUs,
    injected: [],
    idShift: new Float64Array(symbolCount),
    owed: [],
  }
}

/**
 * What a market begins anew with after a change, at `originUs`: stretches under way end where its events did, at
 * `endUs`, and their labels, like those that were on their way, are owed.
 * @param before the world up to then, of which the events before `nextUs` were given out
 */
export function changedAnomalies(
  next: AnomalyPosition,
  before: { readonly options: MarketWorldOptions; readonly position: AnomalyPosition; readonly nextUs: number },
  originUs: number,
): AnomalyPosition {
  const { options, position, nextUs } = before
  const endUs = Math.min(nextUs, originUs)
  const delayMs = position.anomalies.labelDelayMs
  // Where a stretch ended before this, its label has been given.
  const fromUs = Math.max(options.schedule.dueUs(options.firstIndex), nextUs - delayMs * 1000 - 1)
  const planned = new AnomalyPlan(options)
    .touching(fromUs, endUs)
    .filter(({ toUs }) => toUs + delayMs * 1000 >= nextUs)
    .map((stretch) => labelOf(stretch, options.symbols[stretch.symbol]!, delayMs))
  const owed = [...planned, ...position.owed].map((label) => {
    const toMs = Math.min(label.toMs, endUs / 1000)
    return { ...label, toMs, eventTimeMs: Math.max(toMs + delayMs, originUs / 1000) }
  })
  return { ...next, owed: owed.filter(({ fromMs, toMs }) => fromMs < toMs) }
}

function refused(text: string, context: Readonly<Record<string, unknown>>): FinPulseError {
  return new FinPulseError('request-invalid', text, { context })
}
