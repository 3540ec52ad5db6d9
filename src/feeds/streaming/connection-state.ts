import { UsualSilence } from './usual-silence.ts'

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
/** Shares of the silence that is allowed: the shortest and the longest one after which we ask for a sign of life. */
const ASK_MIN_SHARE = 1 / 10
const ASK_MAX_SHARE = 1 / 3

/** The life of one planned connection, which outlives its sockets. Pure: it is told what happened when, in µs. */
export class ConnectionState {
  readonly #limits: ConnectionLimits
  #phase: ConnectionPhase = 'waiting'
  /** Since when the phase, or the successor's attempt, lasts. */
  #sinceUs = 0
  #dueUs = 0
  #openedUs = NEVER
  #heardUs = 0
  /** When we asked for a sign of life that has not come yet. */
  #askedUs = NEVER
  readonly #usual = new UsualSilence()
  /** The next silence that is doubted, beyond the usual one. */
  #doubtUs = 0
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

  /** When the other side gave a sign of life last, µs: all that it had sent before has come. */
  get heardUs(): number {
    return this.#heardUs
  }

  /** When a frame came last that was more than a sign of life, or when listening began, µs. */
  get broughtUs(): number {
    return this.#usual.lastUs
  }

  /** For how long no sign of life has come, µs; 0 where nobody listens. */
  silenceUs(nowUs: number): number {
    return this.isOpen && !this.#isPaused ? nowUs - this.#heardUs : 0
  }

  verdict(nowUs: number): ConnectionVerdict {
    const { connectTimeoutMs, silenceMaxMs } = this.#limits
    if (this.#phase === 'waiting') return nowUs >= this.#dueUs ? 'connect' : 'stay'
    const isOverdue = nowUs - this.#sinceUs > connectTimeoutMs * 1000
    if (this.#phase === 'connecting') return isOverdue ? 'cut' : 'stay'
    if (this.silenceUs(nowUs) > silenceMaxMs * 1000 || this.#isAnswerOverdue(nowUs)) return 'cut'
    if (this.#phase === 'open') return nowUs >= this.#handOverUs ? 'successor' : 'stay'
    if (this.#switchUs !== NEVER) return nowUs >= this.#switchUs ? 'switch' : 'stay'
    return isOverdue ? 'drop-successor' : 'stay'
  }

  #isAnswerOverdue(nowUs: number): boolean {
    if (!this.isOpen || this.#isPaused) return false
    return nowUs - this.#askedUs > this.#limits.silenceMaxMs * 1000 * (1 - ASK_MAX_SHARE)
  }

  /** Whether a sign of life is to be asked for: it has been silent for longer than it usually is, or long enough. */
  isAskDue(nowUs: number): boolean {
    const silenceMaxUs = this.#limits.silenceMaxMs * 1000
    const afterUs = Math.min(silenceMaxUs * ASK_MAX_SHARE, this.#usual.limitUs(silenceMaxUs * ASK_MIN_SHARE))
    return this.#askedUs === NEVER && this.silenceUs(nowUs) >= afterUs
  }

  asked(nowUs: number): void {
    this.#askedUs = nowUs
  }

  /**
   * Whether no frame has come for so long that it is to be found out whether some should have: for longer than usual,
   * though the other side may live. True once, and again each time that the silence has doubled.
   */
  takeDoubt(nowUs: number): boolean {
    if (!this.isOpen || this.#isPaused) return false
    const silenceUs = this.#usual.ofNowUs(nowUs)
    const limitUs = Math.max(this.#doubtUs, this.#usual.limitUs(this.#limits.silenceMaxMs * 1000 * ASK_MIN_SHARE))
    if (silenceUs < limitUs) return false
    this.#doubtUs = 2 * silenceUs
    return true
  }

  connecting(nowUs: number): void {
    this.#phase = 'connecting'
    this.#sinceUs = nowUs
  }

  opened(nowUs: number): void {
    this.#phase = 'open'
    this.#openedUs = nowUs
    this.#listen(nowUs)
    this.#handOverUs = nowUs + this.#limits.socketMaxAgeMs * 1000
    this.#switchUs = NEVER
  }

  #listen(nowUs: number): void {
    this.#usual.begin(nowUs)
    this.#doubtUs = 0
    this.heard(nowUs)
  }

  /** A sign of life came: the answer to our ping, or a heartbeat. A ping of the venue is none: it tells of nothing sent before. */
  heard(nowUs: number): void {
    this.#heardUs = nowUs
    this.#askedUs = NEVER
  }

  /** A frame came. */
  brought(nowUs: number): void {
    this.#usual.note(nowUs)
    this.#doubtUs = 0
    this.heard(nowUs)
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
    this.#listen(nowUs)
  }
}
