import { newYorkTimeUs } from './new-york-time.ts'
import { nyseEarlyCloses, nyseHolidays, weekdayOf } from './nyse-holidays.ts'

/** Hours of one day in which there is trading. They begin and end with a minute. */
export interface Session {
  /** New York's day, `2026-11-20`. */
  readonly day: string
  readonly openUs: number
  /** Exclusive. */
  readonly closeUs: number
}

interface YearPlan {
  readonly holidays: ReadonlySet<string>
  readonly earlyCloses: ReadonlySet<string>
}

/** When the New York Stock Exchange trades: 09:30 to 16:00 New York time, computed for any year. */
export class NyseCalendar {
  readonly #extraHolidays: ReadonlySet<string>
  readonly #years = new Map<number, YearPlan>()

  /** @param extraHolidays further days without trading, `2026-12-25` */
  constructor(extraHolidays: Iterable<string> = []) {
    this.#extraHolidays = new Set(extraHolidays)
  }

  /** The session of a day; undefined where the exchange is closed. */
  sessionOn(day: string): Session | undefined {
    const weekday = weekdayOf(day)
    if (weekday === 0 || weekday === 6 || this.#extraHolidays.has(day)) return undefined
    const { holidays, earlyCloses } = this.#year(Number(day.slice(0, 4)))
    if (holidays.has(day)) return undefined
    const close = earlyCloses.has(day) ? '13:00:00' : '16:00:00'
    return { day, openUs: newYorkTimeUs(`${day} 09:30:00`), closeUs: newYorkTimeUs(`${day} ${close}`) }
  }

  #year(year: number): YearPlan {
    let plan = this.#years.get(year)
    if (plan === undefined) {
      plan = { holidays: nyseHolidays(year), earlyCloses: nyseEarlyCloses(year) }
      this.#years.set(year, plan)
    }
    return plan
  }
}
