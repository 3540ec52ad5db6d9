import type { Clock } from '../../base/clock.ts'
import { type Logger, silentLogger } from '../../base/logger.ts'
import type { Alert } from '../../events/alert.ts'
import type { Feed, FeedProgress, FeedStatus, FeedStep } from '../feed.ts'
import { Wake } from '../streaming/wake.ts'
import { FeedPull } from './feed-pull.ts'
import { FollowedSymbol } from './followed-symbol.ts'
import { keepRows, readingsOfTrades } from './step-rows.ts'
import { startAlert, stopAlert } from './switch-alert.ts'
import { type FollowOptions, type FollowSettings, followSettings } from './threshold-options.ts'
import { decodeThresholds, encodeThresholds, type SavedSymbol } from './threshold-position.ts'
import type { Reading, Switch } from './threshold-state.ts'
import { ThresholdStatus } from './threshold-status.ts'

/** A source that asks for prices from time to time. */
export interface PolledSource {
  readonly feed: Feed
  /** What its last step says of each symbol. Default: what the trades of the step say. */
  readonly readings?: () => ReadonlyMap<string, Reading>
}

/** Where prices come from. Both sources are opened at the positions that steps of theirs had. */
export interface ThresholdSources {
  readonly openPolled: (position: Uint8Array | undefined) => PolledSource
  /** A stream of one symbol; without a position it begins now and does not ask for what was before. */
  readonly openStream: (streamSymbol: string, position: Uint8Array | undefined) => Feed
  /** Of the streamed source. */
  readonly streamVenue: string
}

export interface ThresholdFeedContext {
  readonly clock: Clock
  readonly logger?: Logger
  /** Of a step that was committed before. */
  readonly position?: Uint8Array
}

/** How far a new stream's trades may be behind our clock, as that of its venue may be. */
const STREAM_LATENESS_US = 5_000_000

/**
 * Polls all symbols, and streams those that cross a threshold until they have been calm for a while. A symbol's prices
 * come from one source at a time: while it is streamed, what is polled of it is left out. Each switch is told by an alert
 * in the very step, and is in its position, so that a restart goes on with the same streams and tells nothing twice.
 */
export class ThresholdFeed implements Feed {
  readonly name = 'threshold'
  readonly venues: readonly string[]
  readonly #settings: FollowSettings
  readonly #sources: ThresholdSources
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #polled: PolledSource
  readonly #poll: FeedPull
  readonly #symbols: ReadonlyMap<string, FollowedSymbol>
  readonly #status: ThresholdStatus
  readonly #wake = new Wake()
  /** Symbols with a stream, in the order of their turn. */
  #streamed: FollowedSymbol[] = []
  readonly #waiting = new Set<FollowedSymbol>()
  /** Streams that have ended; what they brought last may still be in use until the next step is asked for. */
  #ended: FeedPull[] = []
  #lastPull: FeedPull | undefined

  /** @throws FinPulseError config-invalid */
  constructor(options: FollowOptions, sources: ThresholdSources, context: ThresholdFeedContext) {
    const settings = followSettings(options)
    const { clock, logger = silentLogger, position } = context
    this.#settings = settings
    this.#sources = sources
    this.#clock = clock
    this.#logger = logger
    this.#symbols = new Map(
      settings.symbols.map((symbol) => {
        const streamSymbol = settings.streamAs.get(symbol)!
        return [symbol, new FollowedSymbol(symbol, streamSymbol, settings.rules.get(symbol)!, settings)]
      }),
    )
    const saved = position === undefined ? undefined : decodeThresholds(position)
    this.#polled = sources.openPolled(saved?.poll)
    const start = { promiseUs: -1, ...(saved?.poll && { position: saved.poll }) }
    this.venues = [...new Set([...(this.#polled.feed.venues ?? []), sources.streamVenue])]
    this.#poll = new FeedPull(this.#polled.feed, start, () => this.#wake.ring())
    for (const [symbol, known] of saved?.symbols ?? []) this.#restore(this.#symbols.get(symbol), known)
    this.#status = new ThresholdStatus(this.#poll.feed, settings.symbols.length)
  }

  /** Goes on with what was streamed, up to the present maximum; a symbol that is no longer followed is forgotten. */
  #restore(followed: FollowedSymbol | undefined, saved: SavedSymbol): void {
    if (followed === undefined) return
    const nowUs = this.#clock.nowUs()
    const { follow } = saved.state
    const isStreamed = follow?.mode === 'streamed' && this.#hasRoom
    const state = { ...saved.state, ...(follow && !isStreamed && { follow: { ...follow, mode: 'waiting' as const } }) }
    followed.restore({ ...saved, state }, nowUs)
    if (isStreamed) this.#open(followed, nowUs, saved.position)
    else if (follow !== undefined) this.#waiting.add(followed)
  }

  get #hasRoom(): boolean {
    return this.#streamed.length < this.#settings.streamedMaxCount
  }

  #open(followed: FollowedSymbol, nowUs: number, position?: Uint8Array): void {
    const feed = this.#sources.openStream(followed.streamSymbol, position)
    const start = position === undefined ? { promiseUs: nowUs - STREAM_LATENESS_US } : { position, promiseUs: -1 }
    followed.beginStream(new FeedPull(feed, start, () => this.#wake.ring()), nowUs)
    this.#streamed.push(followed)
    this.#waiting.delete(followed)
  }

  async next(signal: AbortSignal): Promise<FeedStep | undefined> {
    signal.throwIfAborted()
    await this.#closeEnded()
    const pulls = [this.#poll, ...this.#streamed.map(({ stream }) => stream!)]
    for (const pull of pulls) pull.ask()
    // Every feed gives a step about once a second, so there is nothing else to wait for.
    let settled = this.#nextSettled(pulls)
    while (settled === undefined) {
      await this.#wake.wait(this.#clock, 60_000, signal)
      settled = this.#nextSettled(pulls)
    }
    this.#lastPull = settled
    return settled === this.#poll ? this.#takePolled() : this.#takeStreamed(settled)
  }

  async #closeEnded(): Promise<void> {
    const ended = this.#ended
    this.#ended = []
    for (const pull of ended) await pull.close()
  }

  /** In turn, so that a busy stream keeps no other feed from being heard. */
  #nextSettled(pulls: readonly FeedPull[]): FeedPull | undefined {
    const last = this.#lastPull === undefined ? -1 : pulls.indexOf(this.#lastPull)
    return [...pulls.slice(last + 1), ...pulls.slice(0, last + 1)].find((pull) => pull.isSettled)
  }

  #takePolled(): FeedStep | undefined {
    const step = this.#poll.take()
    if (step === undefined) return undefined
    const nowUs = this.#clock.nowUs()
    const readings = this.#polled.readings?.() ?? readingsOfTrades(step.trades, nowUs)
    // The price that crosses a threshold is still a polled one.
    const isKept = this.#keepsNow(readings)
    const changes: Alert[] = []
    let hasChanged = false
    for (const [symbol, reading] of readings) {
      const followed = this.#symbols.get(symbol)
      if (followed === undefined || followed.isStreamed) continue
      const turned = followed.takePolled(reading, this.#hasRoom)
      hasChanged = this.#turn(followed, turned, nowUs, changes) || hasChanged
    }
    const leftOutCount = keepRows(step.trades, isKept) + keepRows(step.quotes, isKept)
    this.#status.count('polled-while-streamed', leftOutCount)
    return this.#finish(step, changes, hasChanged || leftOutCount > 0, nowUs)
  }

  /** Whether polled rows of a symbol are kept, as it is before anything is decided. Ends the settling of those polled. */
  #keepsNow(readings: ReadonlyMap<string, Reading>): (symbol: string) => boolean {
    const leftOut = new Set<string>()
    for (const { symbol } of this.#streamed) leftOut.add(symbol)
    for (const symbol of readings.keys()) {
      const followed = this.#symbols.get(symbol)
      if (followed?.isSettling !== true) continue
      followed.isSettling = false
      leftOut.add(symbol)
    }
    return (symbol) => !leftOut.has(symbol)
  }

  #takeStreamed(pull: FeedPull): FeedStep | undefined {
    const followed = this.#streamed.find(({ stream }) => stream === pull)!
    const step = pull.take()
    // A stream has no end; should a source end all the same, so does this feed.
    if (step === undefined) return undefined
    const nowUs = this.#clock.nowUs()
    const reading = readingsOfTrades(step.trades, nowUs).get(followed.streamSymbol)
    const changes: Alert[] = []
    const hasChanged = this.#turn(followed, followed.takeStreamed(reading, nowUs), nowUs, changes)
    return this.#finish(step, changes, hasChanged, nowUs)
  }

  #finish(step: FeedStep, changes: Alert[], hasChanged: boolean, nowUs: number): FeedStep {
    const haveMoved = this.#startWaiting(nowUs, changes)
    const { trades } = step
    if (trades.watermarkUs >= 0) trades.watermarkUs = this.#promiseUs()
    const keepsPosition = hasChanged || haveMoved || step.keepsPosition === true
    return { ...step, alerts: [...(step.alerts ?? []), ...changes], position: this.#encode(), keepsPosition }
  }

  /** Nothing older than what each of the sources has promised. */
  #promiseUs(): number {
    return Math.min(this.#poll.promiseUs, ...this.#streamed.map(({ stream }) => stream!.promiseUs))
  }

  /** Gives those that wait their turn, or lets them go where they have become calm. */
  #startWaiting(nowUs: number, changes: Alert[]): boolean {
    let hasChanged = false
    for (const followed of this.#waiting) {
      const turned = followed.decide(nowUs, this.#hasRoom)
      hasChanged = this.#turn(followed, turned, nowUs, changes) || hasChanged
    }
    return hasChanged
  }

  /** Does what was decided. @returns whether anything was */
  #turn(followed: FollowedSymbol, turned: Switch | undefined, nowUs: number, changes: Alert[]): boolean {
    const { streamSymbol: symbol, rule, state } = followed
    switch (turned) {
      case undefined:
        return false
      case 'start':
        this.#open(followed, nowUs)
        break
      case 'stop':
        this.#end(followed)
        break
      case 'wait':
        this.#waiting.add(followed)
        this.#status.count('waited-for-a-stream', 1)
        break
      case 'calm':
        this.#waiting.delete(followed)
    }
    const news = { venue: this.#sources.streamVenue, symbol, timeUs: nowUs, rule, streamedCount: this.#streamed.length }
    if (turned === 'start') changes.push(startAlert(news, state))
    if (turned === 'stop') changes.push(stopAlert(news, state))
    this.#logger.info(
      { symbol, measure: state.measure, streamedCount: news.streamedCount },
      `threshold feed: ${turned}`,
    )
    return true
  }

  #end(followed: FollowedSymbol): void {
    const { stream } = followed
    if (stream === undefined) return
    this.#streamed = this.#streamed.filter((other) => other !== followed)
    this.#status.addEnded(stream.feed)
    this.#ended.push(stream)
    followed.stream = undefined
    followed.isSettling = true
  }

  #encode(): Uint8Array {
    const symbols = new Map([...this.#symbols].map(([symbol, followed]) => [symbol, followed.save()]))
    const poll = this.#poll.position
    return encodeThresholds({ symbols, ...(poll && { poll }) })
  }

  progress(): FeedProgress | undefined {
    return undefined
  }

  dropped(): Readonly<Record<string, number>> {
    return this.#status.dropped(this.#openFeeds)
  }

  status(): FeedStatus {
    return this.#status.of(this.#streamed, [...this.#waiting])
  }

  get #openFeeds(): Feed[] {
    return this.#streamed.map(({ stream }) => stream!.feed)
  }

  async close(): Promise<void> {
    await this.#closeEnded()
    for (const { stream } of this.#streamed) await stream!.close()
    await this.#poll.close()
    this.#logger.debug('threshold feed: closed')
  }
}
