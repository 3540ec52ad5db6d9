import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { FinPulseError } from '../base/errors.ts'
import { silentLogger } from '../base/logger.ts'
import { Random } from '../base/random.ts'
import type { Alert } from '../events/alert.ts'
import { decodeTrades } from '../events/batch-codec.ts'
import { InstrumentTable } from '../events/instrument.ts'
import { NO_ID } from '../events/trade-batch.ts'
import { FakeVenue } from '../feeds/binance/testing/fake-venue.ts'
import { newYorkDay } from '../feeds/calendar/new-york-time.ts'
import { MemoryEventLog } from '../log/memory/memory-event-log.ts'
import { checkConfig } from './config.ts'
import { createFeed } from './create-feed.ts'
import type { Pipeline } from './pipeline.ts'
import { INGEST_CHECKPOINT } from './roles/ingest-role.ts'
import { recordsOf, testPipeline } from './testing/test-pipeline.ts'

/*
 * Goal: switches between polling and streaming are in the log once, as are streamed trades, wherever the program dies.
 * Method: the pipeline over a log that fails for good now and then, just before or just after a commit of the feed; what
 * is started then goes on with that log. The feed is the one that a configuration makes.
 */

class FailingLog extends MemoryEventLog {
  readonly #random: Random
  isFailing = false
  /** After which it fails no more: a feed that dies all the time has no time to become calm. */
  deathsLeft = 8

  constructor(seed: number) {
    super({ clock: systemClock })
    this.#random = new Random(seed)
  }

  override async commit(commit: Parameters<MemoryEventLog['commit']>[0]): ReturnType<MemoryEventLog['commit']> {
    const isFromFeed = commit.checkpoints?.some(({ name }) => name === INGEST_CHECKPOINT) === true
    const mayFail = isFromFeed && this.isFailing && this.deathsLeft > 0
    // What is to be told once is where it is most worth dying.
    const isTelling = commit.appends.some(({ topic }) => topic === 'alerts')
    const chance = mayFail ? this.#random.nextInt(isTelling ? 3 : 60) : -1
    if (chance === 0 || chance === 1) this.deathsLeft -= 1
    if (chance === 0) throw new FinPulseError('internal', 'the machine dies before the commit')
    const committed = await super.commit(commit)
    if (chance === 1) throw new FinPulseError('internal', 'the machine dies after the commit')
    return committed
  }
}

/** The program, started again whenever it has died. */
class Program {
  readonly #log: MemoryEventLog
  readonly #url: string
  #pipeline: Pipeline | undefined
  #hasDied = false
  deathCount = 0

  constructor(log: MemoryEventLog, url: string) {
    this.#log = log
    this.#url = url
  }

  async keepAlive(): Promise<void> {
    if (this.#pipeline !== undefined && !this.#hasDied) return
    if (this.#hasDied) this.deathCount += 1
    await this.#pipeline?.stop()
    this.#hasDied = false
    const thresholds = { changePercent: 5, window: '400ms', calm: '300ms', minimumStay: '100ms' }
    const feed = { type: 'threshold', symbols: ['btcusdt', 'ethusdt'], pollEvery: '20ms', url: this.#url, thresholds }
    const config = checkConfig({ feed }, 'test')
    this.#pipeline = testPipeline({
      log: this.#log,
      openFeed: (position) => createFeed(config.feed, { clock: systemClock, logger: silentLogger, position }),
      onFailure: () => {
        this.#hasDied = true
      },
    })
    await this.#pipeline.start()
  }

  async stop(): Promise<void> {
    await this.#pipeline?.stop()
  }
}

async function switchesIn(log: MemoryEventLog): Promise<Alert[]> {
  const alerts = await recordsOf<Alert>(log, 'alerts')
  return alerts.filter(({ kind }) => kind.startsWith('stream-'))
}

async function idsIn(log: MemoryEventLog): Promise<number[]> {
  const batches = (await log.read('market.trades', 0, 0, 1e9)).map(({ payload }) =>
    decodeTrades(payload, new InstrumentTable()),
  )
  return batches.flatMap((batch) => {
    const rows = Array.from({ length: batch.count }, (_, row) => row)
    return rows.flatMap((row) =>
      batch.instruments.at(batch.instrument[row]!).symbol === 'BTCUSDT' ? batch.id[row]! : [],
    )
  })
}

describe('a threshold start in the pipeline', () => {
  it.each([1, 2])('is told once, and streams each trade once, wherever the program dies, seed %i', async (seed) => {
    await using venue = await FakeVenue.start(seed)
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
      venue.prices.set(symbol, 100)
      venue.trade(symbol)
    }
    const log = new FailingLog(seed)
    const program = new Program(log, venue.url)
    const untilMs = performance.now() + 20_000
    for (let round = 0; (await switchesIn(log)).length < 2; round++) {
      expect(performance.now()).toBeLessThan(untilMs)
      await program.keepAlive()
      // Both symbols are known before one of them jumps.
      if (round === 20) log.isFailing = true
      if (round === 30) venue.prices.set('BTCUSDT', 107)
      venue.trade('BTCUSDT')
      await delay(10)
    }
    await program.stop()
    expect(program.deathCount).toBeGreaterThan(0)
    expect(await switchesIn(log)).toMatchObject([
      { kind: 'stream-start', symbol: 'BTCUSDT', value: 7, threshold: 5 },
      { kind: 'stream-stop', symbol: 'BTCUSDT' },
    ])
    const ids = (await idsIn(log)).filter((id) => id !== NO_ID)
    expect(ids.length).toBeGreaterThan(5)
    expect(ids).toEqual(Array.from({ length: ids.length }, (_, index) => ids[0]! + index))
    await log.close()
  })
})

/** Alpha Vantage as far as it is polled here: the present price, and a volume that has grown since the last question. */
class FakeVendor implements AsyncDisposable {
  readonly #server = createServer((request, response) => {
    this.questions.push(new URL(request.url ?? '', 'http://vendor').searchParams.get('symbol') ?? '')
    const quote = {
      '05. price': this.price,
      '06. volume': String(1000 * this.questions.length),
      '07. latest trading day': newYorkDay(systemClock.nowUs()),
    }
    response.end(JSON.stringify({ 'Global Quote': quote }))
  })
  readonly questions: string[] = []
  price = '100.00'

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

describe('a threshold start that polls Alpha Vantage and streams Binance', () => {
  it('is streamed from a jump of the polled price until it is calm, and polled again', {
    timeout: 60_000,
  }, async () => {
    await using venue = await FakeVenue.start()
    await using vendor = await new FakeVendor().start()
    const feed = {
      type: 'threshold',
      poll: 'alpha-vantage',
      symbols: ['IBM'],
      streamAs: { IBM: 'BTCUSDT' },
      url: venue.url,
      pollEvery: '1s',
      alphaVantage: { url: vendor.url, hours: 'always', requestsPerDay: 10_000_000, requestsPerMinute: 10_000 },
      thresholds: { changePercent: 5, window: '1500ms', calm: '1500ms', minimumStay: '100ms' },
    }
    const environment = { ALPHA_VANTAGE_API_KEY: 'SECRETKEY42' }
    const config = checkConfig({ feed }, 'test')
    const log = new MemoryEventLog({ clock: systemClock })
    const failures: unknown[] = []
    const pipeline = testPipeline({
      log,
      openFeed: (position) =>
        createFeed(config.feed, { clock: systemClock, logger: silentLogger, position, environment }),
      onFailure: (failure) => failures.push(failure),
    })
    await pipeline.start()
    const untilMs = performance.now() + 40_000
    const until = async (condition: () => boolean | Promise<boolean>, what: string) => {
      while (!(await condition())) {
        expect(performance.now(), what).toBeLessThan(untilMs)
        expect(failures).toEqual([])
        venue.trade('BTCUSDT')
        await delay(20)
      }
    }
    venue.prices.set('BTCUSDT', 107)
    await until(() => vendor.questions.length >= 2, 'two polls')
    expect(venue.clientCount).toBe(0)
    vendor.price = '107.00'
    await until(async () => (await switchesIn(log)).length === 1, 'the start of the stream')
    await until(async () => (await idsIn(log)).length > 5, 'streamed trades')
    await until(async () => (await switchesIn(log)).length === 2, 'the end of the stream')
    const askedBefore = vendor.questions.length
    await until(() => vendor.questions.length > askedBefore && venue.clientCount === 0, 'polls again')
    await pipeline.stop()
    expect(await switchesIn(log)).toMatchObject([
      { kind: 'stream-start', symbol: 'BTCUSDT', value: 7, threshold: 5 },
      { kind: 'stream-stop', symbol: 'BTCUSDT' },
    ])
    const ids = await idsIn(log)
    expect(ids).toEqual(Array.from({ length: ids.length }, (_, index) => ids[0]! + index))
    await log.close()
  })
})
