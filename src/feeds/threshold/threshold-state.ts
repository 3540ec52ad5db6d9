import { PriceWindow, type SavedWindow } from './price-window.ts'

/** When a symbol is worth streaming, and when no more. Absent thresholds are never met. */
export interface ThresholdRule {
  /** Distance of the price from the lowest or highest of the window, percent. */
  readonly changePercent?: number
  readonly windowMs: number
  readonly above?: number
  readonly below?: number
  /** Volume of a poll interval as a multiple of its mean over the last intervals. */
  readonly volumeFactor?: number
  /** Share of `changePercent`, and of what `volumeFactor` is above 1, that keeps a symbol streamed. 0 to 1. */
  readonly hysteresis: number
  /** How far a price has to come back from a level, percent of it. */
  readonly levelBandPercent: number
  /** No threshold is met for this long before the symbol is polled again. */
  readonly calmMs: number
  readonly minimumStayMs: number
}

/** What is known of a symbol at one time. Numbers here are only compared, never stored as prices. */
export interface Reading {
  readonly timeUs: number
  readonly price: number
  /** Of the poll interval that ends here; absent where no interval ends. */
  readonly volume?: number
}

export type ThresholdKind = 'change' | 'above' | 'below' | 'volume'

/** A figure that was compared with a threshold. */
export interface Measure {
  readonly kind: ThresholdKind
  readonly value: number
  readonly limit: number
}

/** `waiting`: a threshold was met, but as many symbols are streamed as may be. */
export type FollowMode = 'polled' | 'waiting' | 'streamed'

/** What has changed: `start` and `stop` of a stream, `wait` for one, `calm` while it waited. */
export type Switch = 'start' | 'stop' | 'wait' | 'calm'

export interface SavedThresholdState {
  readonly window: SavedWindow
  /** Their mean and number. */
  readonly volumes: readonly [mean: number, count: number]
  /** Absent where it is polled. */
  readonly follow?: {
    readonly mode: 'waiting' | 'streamed'
    readonly sinceUs: number
    readonly measure: Measure
  }
}

const VOLUMES_MAX_COUNT = 30
/** Intervals before a mean says anything. */
const VOLUMES_MIN_COUNT = 5

/**
 * Decides for one symbol between polling and streaming. A threshold that is met starts the stream; it ends once it has
 * lasted for the minimum stay and, for the calm time, no threshold with its hysteresis was met. Pure: time is an argument.
 */
export class ThresholdState {
  readonly #rule: ThresholdRule
  readonly #window: PriceWindow
  /** Of the last intervals, oldest first. */
  readonly #volumes: number[] = []
  #mode: FollowMode = 'polled'
  #sinceUs = 0
  #startedUs = 0
  /** When a threshold was met last. */
  #metUs = Number.NEGATIVE_INFINITY
  /** By what it was met last. */
  #measure: Measure | undefined
  #isMet = false
  #changePercent = 0

  constructor(rule: ThresholdRule) {
    this.#rule = rule
    this.#window = new PriceWindow(rule.windowMs)
  }

  get mode(): FollowMode {
    return this.#mode
  }

  /** When the present stream began, or the last one, µs. */
  get startedUs(): number {
    return this.#startedUs
  }

  /** When a threshold was met last, µs; -Infinity where none was. */
  get metUs(): number {
    return this.#metUs
  }

  /** By what a threshold was met last; undefined where none was. */
  get measure(): Measure | undefined {
    return this.#measure
  }

  /** Change within the window at the last reading, percent. */
  get changePercent(): number {
    return this.#changePercent
  }

  observe({ timeUs, price, volume }: Reading): void {
    this.#changePercent = this.#window.changePercent(timeUs, price)
    const met = this.#metBy(price, volume)
    this.#window.add(timeUs, price)
    if (volume !== undefined) {
      this.#volumes.push(volume)
      if (this.#volumes.length > VOLUMES_MAX_COUNT) this.#volumes.shift()
    }
    this.#isMet = met !== undefined
    if (met === undefined) return
    this.#measure = met
    this.#metUs = timeUs
  }

  #metBy(price: number, volume: number | undefined): Measure | undefined {
    const { changePercent, above, below, volumeFactor, hysteresis, levelBandPercent } = this.#rule
    const isFollowed = this.#mode !== 'polled'
    const share = isFollowed ? hysteresis : 1
    const band = isFollowed ? levelBandPercent / 100 : 0
    const change = this.#changePercent
    const ratio = this.#volumeRatio(volume)
    if (changePercent !== undefined && Math.abs(change) >= changePercent * share) {
      return { kind: 'change', value: change, limit: changePercent }
    }
    if (above !== undefined && price >= above * (1 - band)) return { kind: 'above', value: price, limit: above }
    if (below !== undefined && price <= below * (1 + band)) return { kind: 'below', value: price, limit: below }
    if (volumeFactor !== undefined && ratio >= 1 + (volumeFactor - 1) * share) {
      return { kind: 'volume', value: ratio, limit: volumeFactor }
    }
    return undefined
  }

  /** NaN where there is no interval, or too few before it. */
  #volumeRatio(volume: number | undefined): number {
    if (volume === undefined || this.#volumes.length < VOLUMES_MIN_COUNT) return Number.NaN
    const mean = this.#meanVolume
    return mean > 0 ? volume / mean : Number.NaN
  }

  /** 0 where there is none. */
  get #meanVolume(): number {
    return this.#volumes.reduce((sum, each) => sum + each, 0) / Math.max(1, this.#volumes.length)
  }

  /** Switches where that is due. @param hasRoom whether one more symbol may be streamed */
  decide(nowUs: number, hasRoom: boolean): Switch | undefined {
    const { calmMs, minimumStayMs } = this.#rule
    const isCalm = nowUs - this.#metUs >= calmMs * 1000
    switch (this.#mode) {
      case 'polled':
        if (!this.#isMet) return undefined
        return hasRoom ? this.#turn('streamed', 'start', nowUs) : this.#turn('waiting', 'wait', nowUs)
      case 'waiting':
        if (isCalm) return this.#turn('polled', 'calm', nowUs)
        return hasRoom ? this.#turn('streamed', 'start', nowUs) : undefined
      case 'streamed':
        if (!isCalm || nowUs - this.#sinceUs < minimumStayMs * 1000) return undefined
        return this.#turn('polled', 'stop', nowUs)
    }
  }

  #turn(mode: FollowMode, what: Switch, nowUs: number): Switch {
    this.#mode = mode
    this.#sinceUs = nowUs
    if (what === 'start') this.#startedUs = nowUs
    this.#isMet = false
    return what
  }

  save(): SavedThresholdState {
    const window = this.#window.save()
    const volumes = [this.#meanVolume, this.#volumes.length] as const
    const mode = this.#mode
    if (mode === 'polled' || this.#measure === undefined) return { window, volumes }
    return { window, volumes, follow: { mode, sinceUs: this.#sinceUs, measure: this.#measure } }
  }

  /** Goes on after a pause, in which nobody looked: the calm time begins anew. */
  restore({ window, volumes, follow }: SavedThresholdState, nowUs: number): void {
    const [mean, count] = volumes
    this.#window.restore(window, nowUs)
    for (let index = 0; index < Math.min(count, VOLUMES_MAX_COUNT); index++) this.#volumes.push(mean)
    if (follow === undefined) return
    this.#mode = follow.mode
    this.#sinceUs = follow.sinceUs
    this.#startedUs = follow.sinceUs
    this.#measure = follow.measure
    this.#metUs = nowUs
  }
}
