export type ConnectionPhase = 'waiting' | 'connecting' | 'open' | 'handing-over'

/**
 * What is to be done about a connection now: `connect`; `cut` a socket that is dead or never opened; open a `successor`;
 * `drop-successor` that does not open; `switch` to the successor, whose overlap is over.
 */
export type ConnectionVerdict = 'stay' | 'connect' | 'cut' | 'successor' | 'drop-successor' | 'switch'

export interface ConnectionLimits {
  readonly connectTimeoutMs: number
  readonly silenceMaxMs: number
  readonly socketMaxAgeMs: number
  readonly overlapMs: number
}

const NEVER = Number.POSITIVE_INFINITY

/** The life of one planned connection, which outlives its sockets. Pure: it is told what happened when, in µs. */
export class ConnectionState {
  readonly #limits: ConnectionLimits
  #phase: ConnectionPhase = 'waiting'
  /** Since when the phase, or the successor's attempt, lasts. */
  #sinceUs = 0
  #dueUs = 0
  #openedUs = NEVER
  #heardUs = 0
  #handOverUs = NEVER
  #switchUs = NEVER
  #isPaused = false

  constructor(limits: ConnectionLimits) {
    this.#limits = limits
  }

  get phase(): ConnectionPhase {
    return this.#phase
  }

  get isOpen(): boolean {
    return this.#phase === 'open' || this.#phase === 'handing-over'
  }

  /** When the present socket opened, µs; Infinity where none is open. */
  get openedUs(): number {
    return this.isOpen ? this.#openedUs : NEVER
  }

  /** How long the other side has been silent, µs; 0 where nobody listens to it. */
  silenceUs(nowUs: number): number {
    return this.isOpen && !this.#isPaused ? nowUs - this.#heardUs : 0
  }

  verdict(nowUs: number): ConnectionVerdict {
    const { connectTimeoutMs, silenceMaxMs } = this.#limits
    if (this.#phase === 'waiting') return nowUs >= this.#dueUs ? 'connect' : 'stay'
    const isOverdue = nowUs - this.#sinceUs > connectTimeoutMs * 1000
    if (this.#phase === 'connecting') return isOverdue ? 'cut' : 'stay'
    if (this.silenceUs(nowUs) > silenceMaxMs * 1000) return 'cut'
    if (this.#phase === 'open') return nowUs >= this.#handOverUs ? 'successor' : 'stay'
    if (this.#switchUs !== NEVER) return nowUs >= this.#switchUs ? 'switch' : 'stay'
    return isOverdue ? 'drop-successor' : 'stay'
  }

  connecting(nowUs: number): void {
    this.#phase = 'connecting'
    this.#sinceUs = nowUs
  }

  opened(nowUs: number): void {
    this.#phase = 'open'
    this.#openedUs = nowUs
    this.#heardUs = nowUs
    this.#handOverUs = nowUs + this.#limits.socketMaxAgeMs * 1000
    this.#switchUs = NEVER
  }

  /** Anything came: a frame, a ping, the answer to a ping. */
  heard(nowUs: number): void {
    this.#heardUs = nowUs
  }

  /** The venue will cut this socket soon. */
  shutdownAnnounced(nowUs: number): void {
    if (this.isOpen) this.#handOverUs = Math.min(this.#handOverUs, nowUs)
  }

  successorConnecting(nowUs: number): void {
    this.#phase = 'handing-over'
    this.#sinceUs = nowUs
    this.#switchUs = NEVER
  }

  successorOpened(nowUs: number): void {
    this.#switchUs = nowUs + this.#limits.overlapMs * 1000
  }

  /** The old socket goes on alone; the next successor is tried after `dueUs`. */
  successorLost(dueUs: number): void {
    this.#phase = 'open'
    this.#handOverUs = dueUs
    this.#switchUs = NEVER
  }

  /** No socket is left; the next attempt is made at `dueUs`. */
  lost(dueUs: number): void {
    this.#phase = 'waiting'
    this.#dueUs = dueUs
    this.#switchUs = NEVER
  }

  /** Reading was stopped by us: silence means nothing until it goes on. */
  paused(): void {
    this.#isPaused = true
  }

  resumed(nowUs: number): void {
    this.#isPaused = false
    this.#heardUs = nowUs
  }
}
