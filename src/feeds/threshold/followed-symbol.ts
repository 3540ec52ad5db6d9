import type { FeedPull } from './feed-pull.ts'
import type { SavedSymbol } from './threshold-position.ts'
import {
  type Reading,
  type SavedThresholdState,
  type Switch,
  type ThresholdRule,
  ThresholdState,
} from './threshold-state.ts'

/** How often a streamed symbol is looked at. */
export interface CompareTimes {
  readonly pollEveryMs: number
  readonly compareEveryMs: number
}

/** One symbol with its state, and its stream while it has one. */
export class FollowedSymbol {
  readonly symbol: string
  /** Its name at the streamed source. */
  readonly streamSymbol: string
  readonly rule: ThresholdRule
  readonly state: ThresholdState
  stream: FeedPull | undefined
  /** The first polled price after a stream is left out: it stands for time that was streamed in part. */
  isSettling = false
  readonly #times: CompareTimes
  #comparedUs = 0
  #intervalUs = 0
  #volume = 0
  /** The last one; NaN before the first. */
  #price = Number.NaN
  /** As it was saved last, until it changes: most symbols do not from step to step. */
  #state: SavedThresholdState | undefined

  constructor(symbol: string, streamSymbol: string, rule: ThresholdRule, times: CompareTimes) {
    this.symbol = symbol
    this.streamSymbol = streamSymbol
    this.rule = rule
    this.state = new ThresholdState(rule)
    this.#times = times
  }

  get isStreamed(): boolean {
    return this.state.mode === 'streamed'
  }

  /** Decides by a polled price. */
  takePolled(reading: Reading, hasRoom: boolean): Switch | undefined {
    this.state.observe(reading)
    return this.decide(reading.timeUs, hasRoom)
  }

  /** Decides by the time that has passed. */
  decide(nowUs: number, hasRoom: boolean): Switch | undefined {
    this.#state = undefined
    return this.state.decide(nowUs, hasRoom)
  }

  restore({ state, isSettling = false }: SavedSymbol, nowUs: number): void {
    this.isSettling = isSettling
    this.state.restore(state, nowUs)
  }

  /** Its stream begins now. */
  beginStream(stream: FeedPull, nowUs: number): void {
    this.stream = stream
    this.isSettling = false
    this.#comparedUs = nowUs
    this.#intervalUs = nowUs
    this.#volume = 0
    this.#price = Number.NaN
  }

  /** Decides by what a step of its stream says, or by the time that has passed without anything. */
  takeStreamed(reading: Reading | undefined, nowUs: number): Switch | undefined {
    const { compareEveryMs, pollEveryMs } = this.#times
    this.#volume += reading?.volume ?? 0
    this.#price = reading?.price ?? this.#price
    const isWhole = nowUs - this.#intervalUs >= pollEveryMs * 1000
    if (isWhole || nowUs - this.#comparedUs >= compareEveryMs * 1000) {
      this.#state = undefined
      const price = this.#price
      if (!Number.isNaN(price)) this.state.observe({ timeUs: nowUs, price, ...(isWhole && { volume: this.#volume }) })
      this.#comparedUs = nowUs
    }
    if (isWhole) {
      this.#intervalUs = nowUs
      this.#volume = 0
    }
    if (nowUs - this.state.metUs < this.rule.calmMs * 1000) return undefined
    // What the stream misses must be repaired first: nobody asks for it later.
    if ((this.stream?.feed.status?.().repairs?.outstandingCount ?? 0) > 0) return undefined
    return this.decide(nowUs, false)
  }

  save(): SavedSymbol {
    const position = this.stream?.position
    this.#state ??= this.state.save()
    return {
      state: this.#state,
      ...(this.isSettling && { isSettling: true }),
      ...(position && { position }),
    }
  }
}
