import { setTimeout as delay } from 'node:timers/promises'
import { digitsToBigInt, formatDecimal } from '../../../base/decimal.ts'
import type { Alert } from '../../../events/alert.ts'
import type { Gap } from '../../../events/gap.ts'
import type { Feed, FeedStep } from '../../feed.ts'
import type { StreamingLimits } from '../streaming-limits.ts'

/** Limits that make minutes of a venue's life into a second. */
export const FAST_STREAMING_LIMITS = {
  connectTimeoutMs: 500,
  quietAfterMs: 150,
  backoffFirstMs: 10,
  backoffMaxMs: 50,
  checkEveryMs: 5,
  gatherMs: 1,
  idleStepMs: 20,
  holdMaxMs: 400,
} as const satisfies Partial<StreamingLimits>

export interface CollectedTrade {
  readonly symbol: string
  readonly id: number
  readonly tradeCount: number
  readonly text: string
}

/** Pulls a feed as the ingest role does, and keeps what is committed: steps are committed or not, as a whole. */
export class CollectedFeed<OfFeed extends Feed> implements AsyncDisposable {
  readonly trades: CollectedTrade[] = []
  readonly watermarksUs: number[] = []
  quoteCount = 0
  deadLetters: string[] = []
  readonly alerts: Alert[] = []
  readonly gaps: Gap[] = []
  feed: OfFeed
  position: Uint8Array | undefined
  readonly #openAt: (position: Uint8Array | undefined) => OfFeed
  #abort = new AbortController()
  #running: Promise<void>
  /** Steps are read and thrown away while true: as in a process that dies before it commits. */
  isDying = false

  constructor(openAt: (position: Uint8Array | undefined) => OfFeed) {
    this.#openAt = openAt
    this.feed = openAt(undefined)
    this.#running = this.#run()
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort
    try {
      for (;;) {
        const step = await this.feed.next(signal)
        if (step === undefined) return
        if (!this.isDying) this.#commit(step)
      }
    } catch (error) {
      if (error !== signal.reason) throw error
    }
  }

  #commit({ trades, quotes, deadLetters, alerts = [], gaps = [], position, keepsPosition = false }: FeedStep): void {
    for (let row = 0; row < trades.count; row++) {
      const { symbol, priceDecimals, quantityDecimals } = trades.instruments.at(trades.instrument[row]!)
      const price = formatDecimal(digitsToBigInt(trades.priceLow[row]!, trades.priceHigh[row]!), priceDecimals)
      const digits = digitsToBigInt(trades.quantityLow[row]!, trades.quantityHigh[row]!)
      const text = `${price} ${formatDecimal(digits, quantityDecimals)} ${trades.eventTimeUs[row]! / 1000} ${trades.flags[row]}`
      this.trades.push({ symbol, id: trades.id[row]!, tradeCount: trades.tradeCount[row]!, text })
    }
    if (trades.watermarkUs >= 0) this.watermarksUs.push(trades.watermarkUs)
    this.quoteCount += quotes.count
    this.deadLetters.push(...deadLetters.map(({ reason }) => reason))
    this.alerts.push(...alerts)
    this.gaps.push(...gaps)
    const isFilled = trades.count > 0 || quotes.count > 0 || deadLetters.length > 0 || trades.watermarkUs >= 0
    if (isFilled || alerts.length > 0 || gaps.length > 0 || keepsPosition) this.position = position
  }

  /** Ends the feed as a crash does, and opens another at the committed position. */
  async restart(): Promise<void> {
    await this.stop()
    this.isDying = false
    this.#abort = new AbortController()
    this.feed = this.#openAt(this.position)
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('stopped by the test'))
    await this.#running
    await this.feed.close()
  }

  idsOf(symbol: string): number[] {
    return this.trades.filter((trade) => trade.symbol === symbol).map(({ id }) => id)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/** Resolves once the condition holds; rejects after ten seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + 10_000
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`waited 10 s for ${what}`)
    await delay(2)
  }
}
