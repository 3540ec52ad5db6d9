import type { SessionTable } from '../../calendar/session-table.ts'
import type { Schedule } from '../../schedule.ts'

/**
 * Another schedule in open time alone: what is due so long after its origin there is due after so much open time here.
 * Rate and shape are those of the other one, exactly, while the market is open; in between nothing is due.
 */
export class SessionSchedule implements Schedule {
  readonly #within: Schedule
  readonly #sessions: SessionTable
  readonly #originUs: number
  readonly #originOpenUs: number

  /** @param originUs where `within` begins; open or not */
  constructor(within: Schedule, sessions: SessionTable, originUs: number) {
    this.#within = within
    this.#sessions = sessions
    this.#originUs = originUs
    this.#originOpenUs = sessions.openUsBefore(originUs)
  }

  dueUs(index: number): number {
    return this.#sessions.timeUsAt(this.#originOpenUs + this.#within.dueUs(index) - this.#originUs)
  }

  countBefore(timeUs: number): number {
    if (timeUs <= this.#originUs) return this.#within.countBefore(this.#originUs)
    const openUs = this.#sessions.openUsBefore(timeUs) - this.#originOpenUs
    return this.#within.countBefore(this.#originUs + openUs)
  }
}
