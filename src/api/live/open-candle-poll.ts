import { messageOf } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import { INTERVALS } from '../../events/interval.ts'
import type { EngineView } from '../engine-view.ts'
import type { LiveHub } from './live-hub.ts'

const POLL_INTERVAL_MS = 250

/** Brings the candles that are still open into the hub, for those that somebody watches. */
export class OpenCandlePoll {
  readonly #hub: LiveHub
  readonly #engine: EngineView
  readonly #logger: Logger
  #timer: NodeJS.Timeout | undefined
  #isAsking = false

  constructor(hub: LiveHub, engine: EngineView, logger: Logger) {
    this.#hub = hub
    this.#engine = engine
    this.#logger = logger
  }

  start(): void {
    this.#timer = setInterval(() => void this.#poll(), POLL_INTERVAL_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Asks once per interval, and never while an earlier question is still open. */
  async #poll(): Promise<void> {
    if (this.#isAsking) return
    this.#isAsking = true
    const { epoch } = this.#hub
    try {
      for (const interval of INTERVALS) {
        const channel = this.#hub.candleChannel(interval)
        if (!channel.isWatched) continue
        const symbols = channel.isAllWatched ? undefined : channel.symbols()
        const candles = await this.#engine.openCandles(symbols, interval)
        if (this.#hub.epoch === epoch) this.#hub.takeOpenCandles(candles)
      }
    } catch (error) {
      this.#logger.warn({ err: error }, `live: open candles could not be read: ${messageOf(error)}`)
    } finally {
      this.#isAsking = false
    }
  }
}
