import type { Clock } from '../../base/clock.ts'
import type { GapLedger, StreamGap } from '../streaming/gap-ledger.ts'
import type { RepairLoop } from '../streaming/repair-loop.ts'
import type { Wake } from '../streaming/wake.ts'
import type { BinanceSettings } from './binance-options.ts'
import { restIdOf } from './market-from-rest.ts'
import type { RestClient, RestRow } from './rest-client.ts'
import type { WeightBudget } from './weight-budget.ts'

export interface CatchUpOptions {
  readonly settings: BinanceSettings
  readonly clock: Clock
  readonly ledger: GapLedger
  readonly rest: RestClient
  readonly budget: WeightBudget
  readonly repair: RepairLoop<RestRow>
  /** Rung when more is known of a symbol. */
  readonly wake: Wake
}

/** Finds out what came of each symbol since the start before, so that the repairs ask for it. */
export class CatchUp {
  readonly #options: CatchUpOptions
  /** Symbols that were followed before this start: what came since is still to be found out. */
  #symbols: string[]
  #gaps: StreamGap[] = []

  constructor(options: CatchUpOptions, symbols: readonly string[]) {
    this.#options = options
    this.#symbols = [...symbols]
  }

  /** True until all that came since is known, and repaired or given up. */
  get isUnderWay(): boolean {
    return this.#symbols.length > 0 || this.#gaps.some((gap) => gap.remainingCount > 0)
  }

  /** Asks for each symbol's newest trade; repairs may begin after it. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, rest, budget } = this.#options
    for (let symbol = this.#symbols[0]; symbol !== undefined; symbol = this.#symbols[0]) {
      const waitMs = budget.waitMs(rest.newestWeight, clock.nowUs())
      if (waitMs > 0) await clock.sleep(waitMs, signal)
      else await this.#findMissed(symbol, signal)
    }
  }

  /** Compares the newest id of a symbol with the one that was kept. Where that fails, its next trade tells. */
  async #findMissed(symbol: string, signal: AbortSignal): Promise<void> {
    const { rest, ledger, settings, repair, wake } = this.#options
    repair.noteRequest()
    const answer = await rest.newest(symbol, signal)
    this.#symbols.shift()
    if ('rows' in answer) {
      const newestId = Math.max(...answer.rows.map((row) => restIdOf(row, settings.tradeStream)))
      if (newestId >= ledger.nextIdOf(symbol)) this.#gaps.push(ledger.miss(symbol, newestId))
    } else {
      repair.noteError(symbol, answer.reason)
    }
    wake.ring()
  }
}
