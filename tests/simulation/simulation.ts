import { SimulatedClock } from '../../src/base/clock.ts'
import { Random } from '../../src/base/random.ts'
import type { Candle } from '../../src/events/candle.ts'
import { INTERVALS } from '../../src/events/interval.ts'
import type { Feed } from '../../src/feeds/feed.ts'
import type { Append, Commit, CommitReceipt } from '../../src/log/event-log.ts'
import { MemoryEventLog } from '../../src/log/memory/memory-event-log.ts'
import { MemoryMarketStore } from '../../src/stores/memory/memory-market-store.ts'
import { type FaultRates, Life, NO_FAULTS } from './faults.ts'
import { SimulatedClient, type Subscription } from './simulated-client.ts'
import { SimulatedProcess } from './simulated-process.ts'

export interface Scenario {
  readonly seed: number
  readonly partitionCount: number
  readonly snapshotEveryMs: number
  readonly rates: FaultRates
  readonly clients: readonly (readonly Subscription[])[]
  /** Length of the part with faults. */
  readonly durationMs: number
  readonly openFeed: (clock: SimulatedClock, position: Uint8Array | undefined) => Feed
  /** Trades that the log holds when the feed has given all. */
  readonly expectedTradeCount: number
}

export interface AcknowledgedBatch extends Append {
  readonly firstOffset: number
}

export interface Outcome {
  readonly log: MemoryEventLog
  readonly store: MemoryMarketStore
  readonly partitionCount: number
  readonly openCandles: readonly Candle[]
  readonly clients: readonly SimulatedClient[]
  readonly acknowledged: readonly AcknowledgedBatch[]
  readonly crashCount: number
}

/** When the simulated machine is switched on. */
export const CLOCK_START_US = Date.UTC(2026, 0, 5) * 1000
const TICK_MS = 100
const DOWN_MAX_MS = 3000
/** Faults have stopped by then: back-offs end, everything is read to its end. */
const CALM_MS = 12_000
const CALM_MAX_MS = 120_000
const LAG_MAX_COUNT = 131_072
const SLEEPERS_MAX_COUNT = 60

/** One machine with its log and store, on which the process runs, dies and is started again. */
export class Simulation {
  readonly trace: string[] = []
  readonly #scenario: Scenario
  readonly #clock = new SimulatedClock(CLOCK_START_US)
  readonly #random: Random
  readonly #log = new MemoryEventLog({ clock: this.#clock })
  readonly #store = new MemoryMarketStore()
  readonly #clients: SimulatedClient[]
  readonly #acknowledged: AcknowledgedBatch[] = []
  #rates: FaultRates
  #life: Life | undefined
  #process: SimulatedProcess | undefined
  #downUntilUs = 0
  #crashCount = 0

  constructor(scenario: Scenario) {
    this.#scenario = scenario
    this.#rates = scenario.rates
    this.#random = new Random(scenario.seed, 2)
    this.#clients = scenario.clients.map((subscriptions) => new SimulatedClient(subscriptions))
  }

  async run(): Promise<Outcome> {
    const endUs = CLOCK_START_US + this.#scenario.durationMs * 1000
    while (this.#clock.nowUs() < endUs) await this.#tick()
    await this.#calmDown()
    const openCandles = INTERVALS.flatMap((interval) => this.#process!.pipeline.openCandles(undefined, interval))
    const { partitionCount } = this.#scenario
    return {
      log: this.#log,
      store: this.#store,
      partitionCount,
      openCandles,
      clients: this.#clients,
      acknowledged: this.#acknowledged,
      crashCount: this.#crashCount,
    }
  }

  async #calmDown(): Promise<void> {
    this.#note('faults end')
    this.#rates = NO_FAULTS
    if (this.#life !== undefined) this.#life.rates = NO_FAULTS
    const endUs = this.#clock.nowUs() + CALM_MAX_MS * 1000
    while ((await this.#isBehind()) && this.#clock.nowUs() < endUs) await this.#tick()
    for (let ms = 0; ms < CALM_MS; ms += TICK_MS) await this.#tick()
    for (const client of this.#clients) client.readAll()
    if (this.#process?.storeLagCount !== 0) throw new Error('the store has not caught up')
  }

  async #isBehind(): Promise<boolean> {
    const lagCount = (this.#process?.storeLagCount ?? 1) + (this.#process?.processLagCount ?? 1)
    return lagCount > 0 || (await this.#tradeCount()) < this.#scenario.expectedTradeCount
  }

  async #tradeCount(): Promise<number> {
    const stats = await this.#log.stats()
    return stats.filter(({ topic }) => topic === 'market.trades').reduce((sum, { endOffset }) => sum + endOffset, 0)
  }

  async #tick(): Promise<void> {
    if (this.#rates !== NO_FAULTS) this.#disturb()
    if (this.#life?.isDead) this.#bury()
    if (this.#process === undefined && this.#clock.nowUs() >= this.#downUntilUs) this.#boot()
    await this.#clock.advance(TICK_MS)
    for (const client of this.#clients) if (client.isReading) client.readAll()
    this.#connectClients()
    this.#checkBounds()
  }

  #boot(): void {
    const { partitionCount, snapshotEveryMs, openFeed } = this.#scenario
    this.#note('start')
    const life = new Life(this.#clock, this.#random, this.#rates, (what) => this.#note(what))
    this.#life = life
    const process = new SimulatedProcess({
      life,
      log: this.#log,
      store: this.#store,
      partitionCount,
      snapshotEveryMs,
      openFeed: (position) => openFeed(this.#clock, position),
      onAcknowledged: (commit, receipt) => this.#acknowledge(commit, receipt),
    })
    this.#process = process
    process.start().catch((error) => process.failures.push(error))
  }

  #acknowledge({ appends }: Commit, { firstOffsets }: CommitReceipt): void {
    appends.forEach((append, index) => {
      this.#acknowledged.push({ ...append, firstOffset: firstOffsets[index]! })
    })
  }

  #bury(): void {
    for (const client of this.#clients) client.socket?.terminate()
    this.#process = undefined
    this.#life = undefined
    this.#crashCount += 1
    this.#downUntilUs = this.#clock.nowUs() + this.#random.nextInt(DOWN_MAX_MS) * 1000
  }

  /** What comes from outside of the process: its end at any moment, its owner, its clients. */
  #disturb(): void {
    const random = this.#random
    if (random.next() < this.#rates.crash) this.#life?.die('at any moment')
    if (random.next() < this.#rates.crash) this.#stop()
    for (const [index, client] of this.#clients.entries()) {
      const luck = random.next()
      if (luck < 0.01 && client.isConnected) {
        this.#note(`client ${index} is cut off`)
        client.socket?.terminate()
      } else if (luck < 0.03) {
        client.isReading = !client.isReading
        this.#note(`client ${index} ${client.isReading ? 'reads' : 'stops reading'}`)
      }
    }
  }

  #stop(): void {
    const process = this.#process
    if (process === undefined) return
    this.#note('stop')
    process.stop().catch((error) => process.failures.push(error))
  }

  #connectClients(): void {
    if (!this.#process?.isListening || this.#life?.isDead) return
    for (const [index, client] of this.#clients.entries()) {
      if (this.#rates === NO_FAULTS) client.isReading = true
      if (client.wasTurnedAway) {
        this.#note(`client ${index} was turned away: ${client.view.errors[0]}`)
        client.socket?.terminate()
      }
      // Symbols are known once the first trades are there.
      if (client.isConnected || this.#acknowledged.length === 0) continue
      this.#note(`client ${index} connects`)
      this.#process.accept(client)
    }
  }

  #checkBounds(): void {
    const failure = this.#process?.failures[0]
    if (failure !== undefined) throw failure
    if (this.#clock.sleeperCount > SLEEPERS_MAX_COUNT) {
      throw new Error(`clock: ${this.#clock.sleeperCount} sleepers, at most ${SLEEPERS_MAX_COUNT}: waits leak`)
    }
    const lagCount = this.#process?.processLagCount ?? 0
    if (lagCount < 0 || lagCount > LAG_MAX_COUNT) throw new Error(`process role: lag of ${lagCount}`)
  }

  #note(what: string): void {
    this.trace.push(`${((this.#clock.nowUs() - CLOCK_START_US) / 1e6).toFixed(3)} s  ${what}`)
  }
}
