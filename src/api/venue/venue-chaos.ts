import { Random } from '../../base/random.ts'
import type { ChaosKind, ChaosOrder, ChaosState } from './chaos-order.ts'

/** What becomes of a trade on its way to the streams; REST is not touched. */
export type TradeFate = 'send' | 'leave-out' | 'double' | 'swap'

const FATES: readonly (readonly [ChaosKind, TradeFate])[] = [
  ['gap', 'leave-out'],
  ['duplicate', 'double'],
  ['reorder', 'swap'],
]

interface Running {
  readonly order: ChaosOrder
  readonly random: Random
  readonly startedMs: number
  remainingCount: number | null
  affectedCount: number
  isEnded: boolean
}

/** Which chaos was asked for, and how much of it is left. Pure: it is told the time; each kind runs once at a time. */
export class VenueChaos {
  readonly #running = new Map<ChaosKind, Running>()
  readonly #nowMs: () => number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Begins a kind, anew where it runs already. */
  begin(order: ChaosOrder): void {
    this.#running.set(order.kind, {
      order,
      random: new Random(order.seed),
      startedMs: this.#nowMs(),
      remainingCount: order.count,
      affectedCount: 0,
      isEnded: false,
    })
  }

  /** Ends one kind, or all. */
  end(kind?: ChaosKind): void {
    for (const [name, running] of this.#running) if (kind === undefined || name === kind) running.isEnded = true
  }

  /** Of each kind that was asked for since the start, the last time. */
  states(): ChaosState[] {
    return [...this.#running.values()].map((running) => {
      const { order, startedMs, remainingCount, affectedCount } = running
      const { kind, durationMs, probability, seed, delayMs, retryAfterSeconds } = order
      const endsMs = durationMs === null ? null : startedMs + durationMs
      const counts = { startedMs, endsMs, remainingCount, affectedCount }
      return { kind, isActive: this.#isActive(running), ...counts, probability, seed, delayMs, retryAfterSeconds }
    })
  }

  /** To be asked once for each trade that streams carry. */
  tradeFate(): TradeFate {
    for (const [kind, fate] of FATES) if (this.strikes(kind)) return fate
    return 'send'
  }

  /** How much later answers and messages are sent, ms. */
  get delayMs(): number {
    const running = this.#running.get('slow')
    return running !== undefined && this.#isActive(running) ? running.order.delayMs : 0
  }

  /** The answer to a request that is refused on purpose. */
  refusal(): { readonly status: 418 | 429; readonly retryAfterSeconds: number } | undefined {
    for (const status of [418, 429] as const) {
      const kind = `http-${status}` as const
      if (this.strikes(kind)) return { status, retryAfterSeconds: this.#running.get(kind)!.order.retryAfterSeconds }
    }
    return undefined
  }

  /** Whether a kind is done to the next trade, request or connection; counted where it is. */
  strikes(kind: ChaosKind): boolean {
    const running = this.#running.get(kind)
    if (running === undefined || !this.#isActive(running)) return false
    if (running.order.probability < 1 && running.random.next() >= running.order.probability) return false
    running.affectedCount += 1
    if (running.remainingCount !== null) running.remainingCount -= 1
    return true
  }

  /**
   * Picks connections by chance for a kind that is done to all of them at a time, which counts as once.
   * @returns those that were hit
   */
  pick<T>(kind: ChaosKind, from: Iterable<T>): T[] {
    const running = this.#running.get(kind)
    if (running === undefined || !this.#isActive(running)) return []
    const picked = [...from].filter(() => running.random.next() < running.order.probability)
    running.affectedCount += picked.length
    if (running.remainingCount !== null) running.remainingCount -= 1
    return picked
  }

  orderOf(kind: ChaosKind): ChaosOrder | undefined {
    const running = this.#running.get(kind)
    return running !== undefined && this.#isActive(running) ? running.order : undefined
  }

  #isActive({ order, startedMs, remainingCount, isEnded }: Running): boolean {
    if (isEnded || remainingCount === 0) return false
    return order.durationMs === null || this.#nowMs() < startedMs + order.durationMs
  }
}
