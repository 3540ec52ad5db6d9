import { describe, expect, it } from 'vitest'
import { SimulatedClock } from '../../base/clock.ts'
import { FinPulseError } from '../../base/errors.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import { NO_ID } from '../../events/trade-batch.ts'
import type { Feed, FeedStatus, FeedStep } from '../feed.ts'
import { createTradeRow, readPositiveText } from '../rows/market-row.ts'
import { RowInstruments } from '../rows/row-instruments.ts'
import { StepBuilder } from '../rows/step-builder.ts'
import { ThresholdFeed } from './threshold-feed.ts'

/* Goal: what is taken from which source when. Method: sources that say what the test wants, and a clock moved by hand. */

interface Said {
  readonly price?: string
  readonly id?: number
  readonly watermarkUs?: number
  readonly error?: Error
}

/** A source of one symbol that gives a step whenever it is told to. */
class ScriptedFeed implements Feed {
  readonly name = 'scripted'
  outstandingCount = 0
  isClosed = false
  readonly #clock: SimulatedClock
  readonly #said: Said[] = []
  #deferred = Promise.withResolvers<void>()

  constructor(clock: SimulatedClock) {
    this.#clock = clock
  }

  say(...said: Said[]): void {
    this.#said.push(...said)
    this.#deferred.resolve()
  }

  async next(signal: AbortSignal): Promise<FeedStep> {
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    while (this.#said.length === 0) {
      await Promise.race([this.#deferred.promise, aborted])
      signal.throwIfAborted()
      this.#deferred = Promise.withResolvers<void>()
    }
    const { price, id = NO_ID, watermarkUs = -1, error } = this.#said.shift()!
    if (error !== undefined) throw error
    const builder = new StepBuilder(new InstrumentTable(), 4)
    const row = createTradeRow()
    row.id = id
    row.eventTimeUs = this.#clock.nowUs()
    row.receivedTimeUs = row.eventTimeUs
    if (price !== undefined) {
      readPositiveText('price', price, row.price)
      readPositiveText('quantity', '1', row.quantity)
      builder.addTrade(new RowInstruments(undefined).find('venue', 'ABC')!, row)
    }
    builder.trades.watermarkUs = watermarkUs
    return { trades: builder.trades, quotes: builder.quotes, deadLetters: [], position: new Uint8Array([1]) }
  }

  progress(): undefined {
    return undefined
  }

  dropped(): Readonly<Record<string, number>> {
    return {}
  }

  status(): FeedStatus {
    const { outstandingCount } = this
    const repairs = {
      gapCount: 0,
      missingCount: 0,
      repairedCount: 0,
      absentCount: 0,
      givenUpCount: 0,
      outstandingCount,
      requestCount: 0,
      lastError: null,
    }
    const counts = { clockAheadMs: null, reconnects: 0, queueCount: 0, queueWaits: 0, dropped: {}, lastError: null }
    return { name: this.name, state: 'running', sockets: [], repairs, ...counts }
  }

  async close(): Promise<void> {
    this.isClosed = true
  }
}

const START_US = 1_795_000_000_000_000

function scripted() {
  const clock = new SimulatedClock(START_US)
  const poll = new ScriptedFeed(clock)
  const streams: ScriptedFeed[] = []
  const sources = {
    streamVenue: 'venue',
    openPolled: () => ({ feed: poll }),
    openStream: () => {
      const stream = new ScriptedFeed(clock)
      streams.push(stream)
      return stream
    },
  }
  const thresholds = { changePercent: 5, windowMs: 1000, calmMs: 2000, minimumStayMs: 1000 }
  const feed = new ThresholdFeed({ symbols: ['ABC'], thresholds, pollEveryMs: 1000 }, sources, { clock })
  const { signal } = new AbortController()
  const next = async () => {
    const step = (await feed.next(signal))!
    const { trades, alerts = [] } = step
    return {
      ids: [...trades.id.subarray(0, trades.count)],
      kinds: alerts.map(({ kind }) => kind),
      watermarkUs: trades.watermarkUs,
    }
  }
  return { clock, poll, streams, feed, next, signal }
}

/** As `scripted`, with a stream that has begun. */
async function streaming() {
  const all = scripted()
  all.poll.say({ price: '100' }, { price: '106' })
  expect(await all.next()).toMatchObject({ ids: [NO_ID], kinds: [] })
  expect(await all.next()).toMatchObject({ ids: [NO_ID], kinds: ['stream-start'] })
  return { ...all, stream: all.streams[0]! }
}

describe('the sources of a threshold start', () => {
  it('are never both heard, and the first polled price after a stream is left out', async () => {
    const { clock, poll, stream, streams, feed, next } = await streaming()
    poll.say({ price: '107' })
    expect(await next()).toMatchObject({ ids: [] })
    stream.say({ price: '106', id: 7 })
    expect(await next()).toMatchObject({ ids: [7] })
    await clock.advance(1500)
    stream.say({ price: '106', id: 8 })
    expect(await next()).toMatchObject({ ids: [8], kinds: [] })
    await clock.advance(2500)
    stream.say({ price: '106', id: 9 })
    expect(await next()).toMatchObject({ ids: [9], kinds: ['stream-stop'] })
    poll.say({ price: '106' }, { price: '106' })
    expect(await next()).toMatchObject({ ids: [] })
    expect(await next()).toMatchObject({ ids: [NO_ID] })
    expect(stream.isClosed).toBe(true)
    expect(streams).toHaveLength(1)
    expect(feed.dropped()).toEqual({ 'polled-while-streamed': 2 })
    await feed.close()
  })

  it('a stream that misses trades goes on until they are repaired', async () => {
    const { clock, stream, next, feed } = await streaming()
    stream.outstandingCount = 3
    await clock.advance(9000)
    stream.say({})
    expect(await next()).toMatchObject({ kinds: [] })
    stream.outstandingCount = 0
    stream.say({})
    expect(await next()).toMatchObject({ kinds: ['stream-stop'] })
    await feed.close()
  })

  it('promise no more than each of them has promised', async () => {
    const { poll, stream, next, feed } = await streaming()
    poll.say({ watermarkUs: START_US })
    // A stream promises from its beginning on that nothing much older comes.
    expect(await next()).toMatchObject({ watermarkUs: START_US - 5_000_000 })
    stream.say({ watermarkUs: START_US - 1 })
    expect(await next()).toMatchObject({ watermarkUs: START_US - 1 })
    stream.say({ watermarkUs: START_US + 5 })
    expect(await next()).toMatchObject({ watermarkUs: START_US })
    stream.say({ price: '106', id: 1 })
    expect(await next()).toMatchObject({ watermarkUs: -1 })
    await feed.close()
  })

  it('an error of one passes through, and nothing is lost by it', async () => {
    const { poll, stream, next, feed } = await streaming()
    poll.say({ error: new FinPulseError('internal', 'not now', { retryable: true }) })
    await expect(next()).rejects.toThrow('not now')
    stream.say({ price: '106', id: 1 })
    expect(await next()).toMatchObject({ ids: [1] })
    poll.say({ watermarkUs: START_US })
    expect(await next()).toMatchObject({ ids: [] })
    await feed.close()
  })

  it('ends what it waits for when the caller aborts, and goes on later', async () => {
    const { feed, stream, next } = await streaming()
    const abort = new AbortController()
    const waiting = feed.next(abort.signal)
    abort.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    stream.say({ price: '106', id: 1 })
    expect(await next()).toMatchObject({ ids: [1] })
    await feed.close()
  })
})
