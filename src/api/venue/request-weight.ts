import { venueRefusal } from './venue-refusal.ts'
import { WindowBudget } from './window-budget.ts'

const MINUTE_MS = 60_000
/** Requests over the budget that are answered with 429 before the address is banned. */
const WARNINGS_MAX_COUNT = 10
/** Banned addresses remembered; beyond it, the ban that is oldest is forgotten. */
const BANS_MAX_COUNT = 10_000
const FIRST_BAN_MS = 2 * MINUTE_MS
const LONGEST_BAN_MS = 3 * 24 * 60 * MINUTE_MS

interface Ban {
  untilMs: number
  count: number
}

/**
 * The venue's request weight: a budget of each address by the minute; beyond it 429, and 418 for those who go on, from
 * two minutes up to three days, twice as long each time.
 */
export class RequestWeight {
  readonly #budget: WindowBudget
  readonly #warnings = new WindowBudget(WARNINGS_MAX_COUNT, MINUTE_MS)
  /** Of banned addresses only: each has been warned ten times before. */
  readonly #bans = new Map<string, Ban>()

  constructor(weightPerMinute: number) {
    this.#budget = new WindowBudget(weightPerMinute, MINUTE_MS)
  }

  /**
   * @returns the weight that the address has used in this minute
   * @throws FinPulseError with the venue's answer 429 or 418
   */
  spend(address: string, weight: number, nowMs: number): number {
    const ban = this.#bans.get(address)
    if (ban !== undefined && ban.untilMs > nowMs) throw banned(ban.untilMs, nowMs)
    const used = this.#budget.spend(address, weight, nowMs)
    if (used <= this.#budget.limit) return used
    if (this.#warnings.spend(address, 1, nowMs) > WARNINGS_MAX_COUNT) throw this.#ban(address, nowMs)
    const text =
      `Too much request weight used; current limit is ${this.#budget.limit} request weight per 1 MINUTE. ` +
      'Please use WebSocket Streams for live updates to avoid polling the API.'
    throw venueRefusal(-1003, text, {
      status: 429,
      retryAfterSeconds: this.#budget.secondsLeft(nowMs),
      usedWeight: used,
    })
  }

  #ban(address: string, nowMs: number) {
    const count = (this.#bans.get(address)?.count ?? 0) + 1
    const untilMs = nowMs + Math.min(LONGEST_BAN_MS, FIRST_BAN_MS * 2 ** (count - 1))
    for (const [other, { untilMs: endMs }] of this.#bans) {
      // A ban that is long over no longer counts against its address.
      if (endMs + LONGEST_BAN_MS < nowMs) this.#bans.delete(other)
    }
    this.#bans.delete(address)
    this.#bans.set(address, { untilMs, count })
    if (this.#bans.size > BANS_MAX_COUNT) this.#bans.delete(this.#bans.keys().next().value!)
    return banned(untilMs, nowMs)
  }
}

function banned(untilMs: number, nowMs: number) {
  const text =
    `Way too much request weight used; IP banned until ${Math.floor(untilMs)}. ` +
    'Please use WebSocket Streams for live updates to avoid bans.'
  return venueRefusal(-1003, text, { status: 418, retryAfterSeconds: Math.ceil((untilMs - nowMs) / 1000) })
}
