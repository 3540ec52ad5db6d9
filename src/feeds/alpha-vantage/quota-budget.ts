import { dayAfter, newYorkDay, newYorkTimeUs } from '../calendar/new-york-time.ts'
import { NyseCalendar, type Session } from '../calendar/nyse-calendar.ts'
import type { AlphaVantageSettings } from './alpha-vantage-options.ts'

const MINUTE_US = 60_000_000
/** More days in a row than any market is closed. */
const DAYS_AHEAD_MAX = 400

/** What a restart has to know. Times in µs. */
export interface SavedQuota {
  /** New York's day that `usedCount` is of. */
  readonly day: string
  readonly usedCount: number
  /** Requests of the last minute. */
  readonly recentUs: readonly number[]
  readonly lastUs: number
  /** Day of which the vendor has said that its limit is reached, or ''. */
  readonly stoppedDay: string
  readonly blockedUntilUs: number
}

export type QuotaSettings = Pick<
  AlphaVantageSettings,
  'pollEveryMs' | 'requestsPerDay' | 'requestsPerMinute' | 'hours' | 'holidays'
>

/**
 * When the next request is due: within the requests of a day and of a minute, and so spread that those of a day last
 * until the market closes. A quota day is New York's: the vendor does not say when its own begins.
 */
export class QuotaBudget {
  readonly #settings: QuotaSettings
  readonly #calendar: NyseCalendar
  #day = ''
  #usedCount = 0
  #recentUs: number[] = []
  #lastUs = -1
  #stoppedDay = ''
  #blockedUntilUs = 0

  constructor(settings: QuotaSettings) {
    this.#settings = settings
    this.#calendar = new NyseCalendar(settings.holidays)
  }

  /** Requests of that day so far. */
  usedCount(nowUs: number): number {
    return this.#usedOn(newYorkDay(nowUs))
  }

  /** Counts a request; to be called, and saved, before it is made. */
  spend(nowUs: number): void {
    const day = newYorkDay(nowUs)
    this.#usedCount = this.#usedOn(day) + 1
    this.#day = day
    this.#lastUs = nowUs
    this.#recentUs = [...this.#recentUs.filter((timeUs) => timeUs > nowUs - MINUTE_US), nowUs]
  }

  /** No request before then. */
  block(untilUs: number): void {
    this.#blockedUntilUs = Math.max(this.#blockedUntilUs, untilUs)
  }

  /** No request before the next day. */
  stopDay(nowUs: number): void {
    this.#stoppedDay = newYorkDay(nowUs)
  }

  isStopped(nowUs: number): boolean {
    return this.#stoppedDay === newYorkDay(nowUs)
  }

  /**
   * When the next request may be made; not before `nowUs`.
   * @param symbolCount that are asked for in turn, at least one
   */
  dueUs(nowUs: number, symbolCount: number): number {
    let day = newYorkDay(nowUs)
    for (let ahead = 0; ahead < DAYS_AHEAD_MAX; ahead++, day = dayAfter(day)) {
      const session = this.#sessionOn(day)
      if (session === undefined) continue
      const dueUs = this.#dueWithin(session, nowUs, symbolCount)
      if (dueUs !== undefined) return dueUs
    }
    return nowUs + DAYS_AHEAD_MAX * 24 * 60 * MINUTE_US
  }

  #dueWithin({ day, openUs, closeUs }: Session, nowUs: number, symbolCount: number): number | undefined {
    const restCount = this.#settings.requestsPerDay - this.#usedOn(day)
    if (restCount <= 0 || this.#stoppedDay === day) return undefined
    let dueUs = Math.max(nowUs, openUs, this.#blockedUntilUs)
    // A clock that was set back must not make the feed wait for the time it had.
    const lastUs = Math.min(this.#lastUs, nowUs)
    if (lastUs >= openUs) {
      const { pollEveryMs } = this.#settings
      const spreadUs = (closeUs - lastUs) / (restCount + 1)
      dueUs = Math.max(dueUs, lastUs + Math.max((pollEveryMs * 1000) / symbolCount, spreadUs))
    }
    dueUs = Math.max(dueUs, this.#minuteFreeUs(nowUs))
    return dueUs < closeUs ? Math.ceil(dueUs) : undefined
  }

  /** When the requests of a sliding minute leave room for one more. */
  #minuteFreeUs(nowUs: number): number {
    const recentUs = this.#recentUs.map((timeUs) => Math.min(timeUs, nowUs))
    const oldestUs = recentUs[recentUs.length - this.#settings.requestsPerMinute]
    return oldestUs === undefined ? 0 : oldestUs + MINUTE_US
  }

  #usedOn(day: string): number {
    return this.#day === day ? this.#usedCount : 0
  }

  /** Around the clock each day is a session. */
  #sessionOn(day: string): Session | undefined {
    if (this.#settings.hours === 'nyse') return this.#calendar.sessionOn(day)
    return { day, openUs: newYorkTimeUs(`${day} 00:00:00`), closeUs: newYorkTimeUs(`${dayAfter(day)} 00:00:00`) }
  }

  save(): SavedQuota {
    return {
      day: this.#day,
      usedCount: this.#usedCount,
      recentUs: this.#recentUs,
      lastUs: this.#lastUs,
      stoppedDay: this.#stoppedDay,
      blockedUntilUs: this.#blockedUntilUs,
    }
  }

  restore(saved: SavedQuota): void {
    this.#day = saved.day
    this.#usedCount = saved.usedCount
    this.#recentUs = [...saved.recentUs]
    this.#lastUs = saved.lastUs
    this.#stoppedDay = saved.stoppedDay
    this.#blockedUntilUs = saved.blockedUntilUs
  }
}
