import { FinPulseError } from '../../base/errors.ts'
import { dayAfter, newYorkDay } from './new-york-time.ts'
import type { Session } from './nyse-calendar.ts'

/** Sessions are looked for up to here, so that a calendar without any ends. */
const LAST_DAY = '2200-12-31'

/** What knows the sessions of a market, day by day. */
interface SessionCalendar {
  sessionOn(day: string): Session | undefined
}

/**
 * Open time, counted in µs from the first session on: from time to open time and back, by one search over the sessions.
 * They are computed once each, up to the latest that was asked for: 252 a year.
 */
export class SessionTable {
  readonly #calendar: SessionCalendar
  #nextDay: string
  readonly #openUs: number[] = []
  readonly #closeUs: number[] = []
  /** Open time before each session. */
  readonly #openBeforeUs: number[] = []
  /** Open time of all sessions so far. */
  #totalUs = 0
  /** Session of the last answer: the next question is mostly about the same. */
  #last = 0
  /** Open time of a session, and what it is short of the time there. */
  #spanFromUs = 0
  #spanToUs = 0
  #spanShiftUs = 0

  /** @param fromUs no question is about an earlier time */
  constructor(calendar: SessionCalendar, fromUs: number) {
    this.#calendar = calendar
    // The session under way counts from its own beginning.
    this.#nextDay = newYorkDay(fromUs)
    this.#extend()
  }

  /** Open time before a time, µs. */
  openUsBefore(timeUs: number): number {
    const session = this.#sessionEndingAfter(timeUs)
    return this.#openBeforeUs[session]! + Math.max(0, timeUs - this.#openUs[session]!)
  }

  /** The time with so much open time before it; where a session ends with it, the beginning of the next one. */
  timeUsAt(openUs: number): number {
    // The hot path asks for one event after another.
    if (openUs < this.#spanFromUs || openUs >= this.#spanToUs) this.#setSpan(openUs)
    return openUs + this.#spanShiftUs
  }

  #setSpan(openUs: number): void {
    while (openUs >= this.#totalUs) this.#extend()
    const session = this.#lastWhere((at) => this.#openBeforeUs[at]! <= openUs)
    this.#spanFromUs = this.#openBeforeUs[session]!
    this.#spanToUs = this.#openBeforeUs[session + 1] ?? this.#totalUs
    this.#spanShiftUs = this.#openUs[session]! - this.#spanFromUs
  }

  /** The session that a time is in, or the next one. */
  sessionAt(timeUs: number): { readonly openUs: number; readonly closeUs: number } {
    const session = this.#sessionEndingAfter(timeUs)
    return { openUs: this.#openUs[session]!, closeUs: this.#closeUs[session]! }
  }

  /** The time itself where the market is open, else the last close before it; undefined before the first session. */
  lastOpenUs(timeUs: number): number | undefined {
    const session = this.#sessionEndingAfter(timeUs)
    return timeUs >= this.#openUs[session]! ? timeUs : this.#closeUs[session - 1]
  }

  #sessionEndingAfter(timeUs: number): number {
    const last = this.#last
    if (timeUs < this.#closeUs[last]! && timeUs >= (this.#closeUs[last - 1] ?? 0)) return last
    while (timeUs >= this.#closeUs.at(-1)!) this.#extend()
    const session = this.#lastWhere((at) => (this.#closeUs[at - 1] ?? 0) <= timeUs)
    this.#last = session
    return session
  }

  /** The last session that has what the first ones have and the others have not. */
  #lastWhere(holds: (session: number) => boolean): number {
    let low = 0
    let high = this.#openUs.length - 1
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (holds(middle)) low = middle
      else high = middle - 1
    }
    return low
  }

  /** Adds the next session. */
  #extend(): void {
    for (;;) {
      if (this.#nextDay > LAST_DAY) {
        throw new FinPulseError('config-invalid', `sessions: expected times up to ${LAST_DAY}, got a later one`)
      }
      const session = this.#calendar.sessionOn(this.#nextDay)
      this.#nextDay = dayAfter(this.#nextDay)
      if (session === undefined) continue
      this.#openUs.push(session.openUs)
      this.#closeUs.push(session.closeUs)
      this.#openBeforeUs.push(this.#totalUs)
      this.#totalUs += session.closeUs - session.openUs
      return
    }
  }
}
