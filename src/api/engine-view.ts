import type { Candle } from '../events/candle.ts'
import type { Interval } from '../events/interval.ts'
import type { MarketLabel } from '../events/label.ts'
import type { PushFormat, PushResult } from '../protocol/push.ts'
import type { FeedRow, InjectRequest, ReplayState, Stats } from '../protocol/rest.ts'

/** Controls of the replay that feeds this engine. Each resolves once the change has taken effect. */
export interface ReplayControl {
  state(): Promise<ReplayState> | ReplayState
  pause(): Promise<void>
  resume(): Promise<void>
  /**
   * Moves to an event time: the log is reset, so its epoch changes.
   * @throws FinPulseError request-invalid outside of the recording
   */
  seek(timeMs: number): Promise<void>
  /** Event time per real time; 0 is as fast as it goes. */
  setSpeed(speed: number): Promise<void>
}

/** Events that another system hands over in one go. */
export interface PushRequest {
  readonly bytes: Uint8Array
  readonly format: PushFormat
  /** A batch whose id was taken before gets the answer of that time. */
  readonly batchId?: string
  /** Whether one bad line refuses the whole batch. */
  readonly isStrict?: boolean
  /** Of events that name none. */
  readonly venue?: string
  /** Whose numbers the ids of payments are. */
  readonly source?: string
  /** Whether it waits where the queue is full. The caller then bounds how much waits. */
  readonly mayWait?: boolean
}

/** Takes events from outside. */
export interface PushControl {
  /**
   * Resolves once everything of the batch is durable; batches are taken in the order of the calls.
   * Rejects with FinPulseError: queue-full or not-ready (both retryable), or what is wrong with the body.
   */
  offer(request: PushRequest): Promise<PushResult>
}

/** Controls of the simulated market. */
export interface SimulatorControl {
  /**
   * Lets an anomaly begin with the next event of the market.
   * @returns what it will be labelled as
   * @throws FinPulseError request-invalid, saying what is possible
   */
  inject(request: InjectRequest): Promise<MarketLabel>
}

export interface Readiness {
  readonly isReady: boolean
  /** What is awaited, for people: `back-fill: 43 %`. */
  readonly detail: string
}

/** All that the API sees of the engine besides log and store; the engine implements it. */
export interface EngineView {
  /** Market time in ms: the wall clock of a live feed, the position of a replay. Spans of hours count back from it. */
  nowMs(): number
  stats(): Promise<Stats> | Stats
  /** How each feed is: sockets, gaps and repairs, clock. */
  feeds(): Promise<readonly FeedRow[]>
  readiness(): Readiness
  /** Prometheus text of everything that the process counts. */
  metrics(): Promise<string>
  /**
   * Candles that are still open, as they are now (`isFinal` false): of these symbols, or of all; of one interval, or of
   * all. Unknown symbols give none.
   */
  openCandles(symbols: readonly string[] | undefined, interval?: Interval): Promise<readonly Candle[]>
  /** Absent where the engine takes no events from outside. */
  readonly push?: PushControl
  /** Present where the market is simulated. */
  readonly simulator?: SimulatorControl
  /** Present while a replay runs. */
  readonly replay?: ReplayControl
}
