import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { SimulatedClock, systemClock } from '../../base/clock.ts'
import { digitsToBigInt, formatDecimal } from '../../base/decimal.ts'
import type { LogLine } from '../../base/logger.ts'
import { newYorkTimeUs } from '../calendar/new-york-time.ts'
import type { FeedStep } from '../feed.ts'
import { AlphaVantageFeed } from './alpha-vantage-feed.ts'
import type { AlphaVantageOptions } from './alpha-vantage-options.ts'
import type { Fetch } from './poll-client.ts'

const KEY = 'SECRETKEY42'
const FRIDAY_US = newYorkTimeUs('2026-11-20 10:00:00')
const MINUTE_MS = 60_000

const quoteBody = (price: string, volume: number, day = '2026-11-20') =>
  JSON.stringify({
    'Global Quote': { '05. price': price, '06. volume': String(volume), '07. latest trading day': day },
  })
const ECHO = `We have detected your API key as ${KEY} and our standard API rate limit is 25 requests per day.`

type Script = (symbol: string, index: number) => string | Response | Error | Promise<Response>

/** A vendor that answers as the script says, and a feed that is pulled and committed as the ingest role does. */
class Harness {
  readonly clock = new SimulatedClock(FRIDAY_US)
  readonly asked: { readonly symbol: string; readonly timeUs: number }[] = []
  readonly trades: string[] = []
  readonly spoken: string[] = []
  readonly deadLetters: string[] = []
  readonly watermarksUs: number[] = []
  position: Uint8Array | undefined
  failure: unknown
  feed: AlphaVantageFeed
  readonly #options: AlphaVantageOptions
  readonly #script: Script
  #abort = new AbortController()
  #running: Promise<void>

  constructor(script: Script, options: Partial<AlphaVantageOptions> = {}) {
    this.#script = script
    this.#options = { symbols: ['IBM'], apiKey: KEY, requestsPerDay: 100_000, ...options }
    this.feed = this.#open()
    this.#running = this.#run()
  }

  readonly #fetch: Fetch = async (url, { signal }) => {
    const symbol = new URL(url).searchParams.get('symbol')!
    this.asked.push({ symbol, timeUs: this.clock.nowUs() })
    const answer = this.#script(symbol, this.asked.length - 1)
    if (answer instanceof Error) throw new Error(`${answer.message}: ${url}`)
    if (typeof answer === 'string') return new Response(answer)
    const { promise: cut, reject } = Promise.withResolvers<never>()
    signal?.addEventListener('abort', () => reject(signal.reason))
    return Promise.race([answer, cut])
  }

  #open(): AlphaVantageFeed {
    const say = (...line: unknown[]) => this.spoken.push(JSON.stringify(line))
    const logger = Object.fromEntries(['debug', 'info', 'warn', 'error'].map((level) => [level, say as LogLine]))
    return new AlphaVantageFeed(this.#options, {
      clock: this.clock,
      seed: 1,
      logger: logger as Record<'debug' | 'info' | 'warn' | 'error', LogLine>,
      fetch: this.#fetch,
      ...(this.position === undefined ? {} : { position: this.position }),
    })
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort
    try {
      for (;;) this.#commit((await this.feed.next(signal))!)
    } catch (error) {
      if (!signal.aborted) this.failure = error
    }
  }

  #commit({ trades, deadLetters, position, keepsPosition }: FeedStep): void {
    for (let row = 0; row < trades.count; row++) {
      const { symbol, priceDecimals } = trades.instruments.at(trades.instrument[row]!)
      const price = formatDecimal(digitsToBigInt(trades.priceLow[row]!, trades.priceHigh[row]), priceDecimals)
      expect(trades.id[row]).toBe(-1)
      this.trades.push(`${symbol} ${price} × ${trades.quantityLow[row]}`)
      expect(trades.eventTimeUs[row]).toBeGreaterThanOrEqual(Math.max(0, ...this.watermarksUs))
    }
    if (trades.watermarkUs >= 0) this.watermarksUs.push(trades.watermarkUs)
    this.deadLetters.push(...deadLetters.map((letter) => JSON.stringify(letter)))
    // The role commits nothing else.
    if (trades.count > 0 || trades.watermarkUs >= 0 || deadLetters.length > 0 || keepsPosition) this.position = position
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('stopped'))
    await this.#running
    await this.feed.close()
  }

  async restart(): Promise<void> {
    await this.stop()
    this.#abort = new AbortController()
    this.feed = this.#open()
    this.#running = this.#run()
  }

  /** All that anybody could see. */
  get everything(): string {
    const position = this.position === undefined ? '' : new TextDecoder().decode(this.position)
    const seen = [this.feed.status(), this.feed.dropped(), this.trades, String(this.failure)]
    return [...this.spoken, ...this.deadLetters, position, JSON.stringify(seen)].join('\n')
  }
}

describe('the feed alpha-vantage', () => {
  it('asks for each symbol in turn and makes trades of what has changed', async () => {
    const harness = new Harness((symbol, index) => quoteBody(symbol === 'IBM' ? '10.50' : `${20 + index}.0`, 100), {
      symbols: ['ibm', 'MSFT'],
    })
    await harness.clock.advance(2 * MINUTE_MS - 1)
    expect(harness.asked.map(({ symbol }) => symbol)).toEqual(['IBM', 'MSFT', 'IBM', 'MSFT'])
    expect(harness.asked[1]!.timeUs - harness.asked[0]!.timeUs).toBe(30_000_000)
    expect(harness.trades).toEqual(['IBM 10.50 × 1', 'MSFT 21.0 × 1', 'MSFT 23.0 × 1'])
    expect(harness.feed.dropped()).toEqual({ 'unchanged-quote': 1 })
    expect(harness.feed.status()).toMatchObject({ name: 'alpha-vantage', state: 'running', lastError: null })
    expect(harness.watermarksUs.length).toBeGreaterThan(100)
    await harness.stop()
  })

  it('keeps to its quota and its memory over restarts, wherever it is stopped', async () => {
    const harness = new Harness((_symbol, index) => quoteBody('10', 100 + 5 * Math.floor(index / 2)), {
      requestsPerDay: 8,
      hours: 'always',
      pollEveryMs: 1000,
      limits: { idleStepMs: MINUTE_MS },
    })
    for (let hour = 0; hour < 14; hour++) {
      await harness.clock.advance(60 * MINUTE_MS - 1)
      await harness.restart()
    }
    expect(harness.asked).toHaveLength(8)
    expect(harness.trades).toEqual(['IBM 10 × 1', 'IBM 10 × 5', 'IBM 10 × 5', 'IBM 10 × 5'])
    await harness.clock.advance(60 * MINUTE_MS)
    expect(harness.asked.length).toBeGreaterThan(8)
    await harness.stop()
  })

  it('counts a request before it makes it, and brings its trade again where the answer was not committed', async () => {
    let askedCount = 0
    const fetch: Fetch = async () => {
      askedCount += 1
      return new Response(quoteBody('10', 1))
    }
    const clock = new SimulatedClock(FRIDAY_US)
    const { signal } = new AbortController()
    const open = (position?: Uint8Array) => {
      const options = { symbols: ['IBM'], apiKey: KEY, requestsPerDay: 2, pollEveryMs: 1000, hours: 'always' as const }
      return new AlphaVantageFeed(options, { clock, seed: 1, fetch, ...(position && { position }) })
    }
    const dying = open()
    const counted = (await dying.next(signal))!.position
    expect(askedCount).toBe(0)
    expect((await dying.next(signal))!.trades.count).toBe(1)
    const again = open(counted)
    await clock.advance(24 * 60 * MINUTE_MS)
    expect((await again.next(signal))!.trades.count).toBe(0)
    expect((await again.next(signal))!.trades.count).toBe(1)
    expect(askedCount).toBe(2)
    for (const feed of [dying, again]) await feed.close()
  })

  it('asks no more on a day whose requests were all counted before the end, made or not', async () => {
    let askedCount = 0
    const fetch: Fetch = async () => {
      askedCount += 1
      return new Response(quoteBody('10', askedCount))
    }
    const clock = new SimulatedClock(FRIDAY_US)
    const abort = new AbortController()
    const options = { symbols: ['IBM'], apiKey: KEY, requestsPerDay: 1, hours: 'always' as const }
    const dying = new AlphaVantageFeed(options, { clock, seed: 1, fetch })
    const { position } = (await dying.next(abort.signal))!
    await dying.close()
    const again = new AlphaVantageFeed(options, { clock, seed: 1, fetch, position })
    const steps: number[] = []
    const pull = async (): Promise<never> => {
      for (;;) steps.push((await again.next(abort.signal))!.trades.count)
    }
    const pulling = pull().catch(() => undefined)
    await clock.advance(10 * MINUTE_MS)
    expect(askedCount).toBe(0)
    expect(steps.length).toBeGreaterThan(500)
    abort.abort()
    await pulling
    await again.close()
  })
})

describe('the feed alpha-vantage: an answer that is an error', () => {
  it('at the daily limit it stops until the next day of trading, also when it is started again', async () => {
    const harness = new Harness((_symbol, index) =>
      index === 0 ? JSON.stringify({ Information: ECHO }) : quoteBody('10', 1, '2026-11-23'),
    )
    await harness.clock.advance(MINUTE_MS)
    expect(harness.feed.status()).toMatchObject({ state: 'degraded', dropped: { 'daily-limit': 1 } })
    await harness.restart()
    await harness.clock.advance(60 * MINUTE_MS)
    expect(harness.asked).toHaveLength(1)
    await harness.stop()
  })

  it('at the limit of a minute it waits for a minute', async () => {
    const note = JSON.stringify({ Note: 'standard API call frequency is 5 calls per minute and 500 calls per day' })
    const harness = new Harness((_symbol, index) => (index === 0 ? note : quoteBody('10', 1)), { pollEveryMs: 1000 })
    await harness.clock.advance(MINUTE_MS - 1)
    expect(harness.asked).toHaveLength(1)
    await harness.clock.advance(1000)
    expect(harness.trades).toEqual(['IBM 10 × 1'])
    await harness.stop()
  })

  it('gives up a function for premium keys, says so once, and stays alive', async () => {
    const premium = JSON.stringify({ Information: 'Thank you! This is a premium endpoint.' })
    const harness = new Harness(() => premium, { symbols: ['A', 'B'], function: 'TIME_SERIES_INTRADAY' })
    await harness.clock.advance(10 * MINUTE_MS)
    expect(harness.asked).toHaveLength(1)
    expect(harness.spoken.filter((line) => line.includes('premium keys only'))).toHaveLength(1)
    expect(harness.feed.status().state).toBe('degraded')
    expect(harness.feed.status().quota).toMatchObject({ usedCount: 1, maxCount: 100_000 })
    await harness.stop()
  })

  it('gives up an unknown symbol and goes on with the others; an empty quote is tried later', async () => {
    const harness = new Harness(
      (symbol, index) => {
        if (symbol === 'NOPE') return JSON.stringify({ 'Error Message': 'Invalid API call. Please retry.' })
        return index < 3 ? '{"Global Quote":{}}' : quoteBody('10', index)
      },
      { symbols: ['NOPE', 'IBM'] },
    )
    await harness.clock.advance(5 * MINUTE_MS)
    // The other is not asked for more often than it was.
    expect(harness.asked.map(({ symbol }) => symbol)).toEqual(['NOPE', 'IBM', 'IBM', 'IBM', 'IBM', 'IBM'])
    expect(harness.feed.dropped()).toEqual({ 'bad-call': 1, 'empty-quote': 2 })
    expect(harness.trades.length).toBeGreaterThan(1)
    expect(harness.feed.status()).toMatchObject({ state: 'degraded', lastError: expect.stringContaining('NOPE') })
    await harness.stop()
  })

  it('ends with an error that names the variable where the key is refused', async () => {
    const refused = JSON.stringify({ 'Error Message': `the parameter apikey is invalid or missing: apikey=${KEY}` })
    const harness = new Harness(() => refused)
    await harness.clock.advance(1000)
    expect(harness.failure).toMatchObject({ code: 'config-invalid', retryable: false })
    expect(String(harness.failure)).toContain('ALPHA_VANTAGE_API_KEY')
    expect(harness.everything).not.toContain(KEY)
    await harness.stop()
  })

  it('backs off from HTTP errors, broken connections and silence, and recovers', async () => {
    const script: readonly (Response | Error | Promise<Response>)[] = [
      new Response('', { status: 503, headers: { 'retry-after': '120' } }),
      new Error('connection refused'),
      new Promise<Response>(() => undefined),
      new Response('', { status: 302, headers: { location: 'http://elsewhere.test' } }),
    ]
    const harness = new Harness((_symbol, index) => script[index] ?? quoteBody('10', 1), { pollEveryMs: 1000 })
    await harness.clock.advance(119_000)
    expect(harness.asked).toHaveLength(1)
    expect(harness.feed.status()).toMatchObject({ state: 'degraded', lastError: 'IBM: HTTP 503' })
    await harness.clock.advance(2 * MINUTE_MS)
    expect(harness.feed.dropped()).toMatchObject({ 'request-failed': 4 })
    expect(harness.trades).toEqual(['IBM 10 × 1'])
    expect(harness.spoken.join()).toContain('no answer within 10000 ms')
    expect(harness.everything).not.toContain(KEY)
    await harness.stop()
  })
})

describe('the feed alpha-vantage: bars', () => {
  it('makes one trade of each new bar, in order, and promises the end of the last one', async () => {
    const bar = (close: string, volume: string) => ({ '4. close': close, '5. volume': volume })
    const harness = new Harness(
      (_symbol, index) =>
        JSON.stringify({
          'Meta Data': { '6. Time Zone': 'US/Eastern' },
          'Time Series (1min)': {
            ...(index > 0 ? { '2026-11-20 10:00:00': bar('13.25', '30') } : {}),
            '2026-11-20 09:59:00': bar('12.0', '20'),
            '2026-11-20 09:58:00': bar('11.5', index === 0 ? '0' : '7'),
            '2026-11-20 09:57:00': bar('11', '10'),
          },
        }),
      { function: 'TIME_SERIES_INTRADAY' },
    )
    await harness.clock.advance(2 * MINUTE_MS + 1000)
    expect(harness.trades).toEqual(['IBM 11.0 × 10', 'IBM 12.0 × 20', 'IBM 13.25 × 30'])
    expect(harness.feed.dropped()).toEqual({ 'bar-without-volume': 1 })
    expect(harness.watermarksUs.at(-1)).toBe(FRIDAY_US + 60_000_000)
    await harness.stop()
  })
})

describe('the feed alpha-vantage: the key and the settings', () => {
  it('shows the key nowhere, whatever comes back', async () => {
    const bodies = [
      JSON.stringify({ Information: `something new about ${KEY.toLowerCase()}` }),
      `<html>${KEY}</html>`,
      JSON.stringify({ 'Global Quote': { '05. price': KEY, '07. latest trading day': '2026-11-20' } }),
      JSON.stringify({ 'Error Message': `Invalid API call: apikey=${KEY}` }),
      JSON.stringify({ Information: ECHO }),
    ]
    const harness = new Harness((_symbol, index) => bodies[index] ?? new Error(KEY), { symbols: ['A', 'B', 'C'] })
    await harness.clock.advance(10 * MINUTE_MS)
    expect(harness.asked.length).toBeGreaterThanOrEqual(5)
    expect(harness.deadLetters).toHaveLength(3)
    await harness.stop()
    expect(harness.everything.toLowerCase()).not.toContain(KEY.toLowerCase())
    expect(harness.everything).toContain('***')
  })

  it.each([
    [{ apiKey: undefined }, 'ALPHA_VANTAGE_API_KEY: is not set'],
    [{ apiKey: `${KEY} ?` }, 'ALPHA_VANTAGE_API_KEY: expected'],
    [{ url: `http://x/?apikey=${KEY}` }, 'feed URL'],
    [{ symbols: [] }, 'symbols'],
    [{ barMinutes: 2 }, 'bar minutes'],
    [{ requestsPerDay: 0 }, 'requests per day'],
    [{ holidays: ['tomorrow'] }, 'holidays'],
  ])('refuses settings before anything is opened: %o', (options, said) => {
    const open = () =>
      new AlphaVantageFeed({ symbols: ['IBM'], apiKey: KEY, ...options }, { clock: systemClock, seed: 1 })
    expect(open).toThrow(said)
    expect(open).not.toThrow(KEY)
  })

  it('talks to a real server', async () => {
    const paths: string[] = []
    const server = createServer((request, response) => {
      paths.push(request.url ?? '')
      response.end(quoteBody('112.1300', 7))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const options = { symbols: ['BRK.B'], apiKey: KEY, url: `http://127.0.0.1:${port}/`, hours: 'always' as const }
    const feed = new AlphaVantageFeed(options, { clock: systemClock, seed: 1 })
    const { signal } = new AbortController()
    const counted = await feed.next(signal)
    expect(paths).toEqual([])
    expect(counted?.trades.count).toBe(0)
    expect((await feed.next(signal))?.trades.count).toBe(1)
    expect(paths).toEqual([`/query?function=GLOBAL_QUOTE&symbol=BRK.B&apikey=${KEY}`])
    await feed.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
})
