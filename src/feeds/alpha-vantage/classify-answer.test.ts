import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { newYorkDay, newYorkTimeUs } from '../calendar/new-york-time.ts'
import { createTradeRow } from '../rows/market-row.ts'
import { classifyAnswer } from './classify-answer.ts'
import { KeyRedactor } from './key-redactor.ts'
import { newBars, tradeFromBar, tradeFromQuote } from './trades-from-answer.ts'

const BODIES: readonly (readonly [field: string, text: string, kind: string])[] = [
  [
    'Information',
    'We have detected your API key as ABCD1234 and our standard API rate limit is 25 requests per day. Please subscribe to any of the premium plans at https://www.alphavantage.co/premium/ to instantly remove all daily rate limits.',
    'daily-limit',
  ],
  ['Note', 'Thank you for using Alpha Vantage! Our standard API rate limit is 25 requests per day.', 'daily-limit'],
  [
    'Note',
    'Thank you for using Alpha Vantage! Our standard API call frequency is 5 calls per minute and 500 calls per day. Please visit https://www.alphavantage.co/premium/ if you would like to target a higher API call frequency.',
    'minute-limit',
  ],
  [
    'Information',
    'Please consider spreading out your free API requests more sparingly (1 request per second). You may subscribe to any of the premium plans to lift the free key rate limit (25 requests per day).',
    'minute-limit',
  ],
  [
    'Information',
    'Thank you for using Alpha Vantage! Please consider spreading out your free API requests more sparingly (1 request per second). You may subscribe to any of the premium plans at https://www.alphavantage.co/premium/ to lift the free key rate limit (25 requests per day), raise the per-second burst limit, and instantly unlock all premium endpoints',
    'minute-limit',
  ],
  [
    'Information',
    'Thank you for using Alpha Vantage! Please visit https://www.alphavantage.co/premium/ if you would like to target a higher API call frequency.',
    'minute-limit',
  ],
  [
    'Information',
    'Thank you for using Alpha Vantage! This is a premium endpoint. You may subscribe to any of the premium plans at https://www.alphavantage.co/premium/ to instantly unlock all premium endpoints',
    'premium-only',
  ],
  [
    'Information',
    'Thank you for using Alpha Vantage! The outputsize=full parameter value is a premium feature for the TIME_SERIES_DAILY endpoint. You may subscribe to any of the premium plans at https://www.alphavantage.co/premium/ to instantly unlock all premium features',
    'premium-only',
  ],
  [
    'Error Message',
    'the parameter apikey is invalid or missing. Please claim your free API key on (https://www.alphavantage.co/support/#api-key).',
    'invalid-key',
  ],
  [
    'Information',
    'The **demo** API key is for demo purposes only. Please claim your free API key at (https://www.alphavantage.co/support/#api-key)',
    'invalid-key',
  ],
  [
    'Error Message',
    'Invalid API call. Please retry or visit the documentation (https://www.alphavantage.co/documentation/) for TIME_SERIES_INTRADAY.',
    'bad-call',
  ],
  ['Error Message', 'This API function (GLOBAL_QUOTES) does not exist.', 'bad-call'],
  ['Error Message', 'something new', 'bad-call'],
  ['Note', 'something new', 'unknown-shape'],
]

describe('an answer', () => {
  it.each(BODIES)('%s: %.60s… is told apart', (field, text, kind) => {
    expect(classifyAnswer(JSON.stringify({ [field]: text }))).toEqual({ kind, text })
  })

  it.each([
    ['{}', 'empty'],
    ['{"Global Quote":{}}', 'empty'],
    ['{"Meta Data":{},"Time Series (1min)":{}}', 'empty'],
    ['{"Global Quote":{"05. price":"1"}}', 'quote'],
    ['{"Global Quote - DATA DELAYED BY 15 MINUTES":{"05. price":"1"}}', 'quote'],
    ['[]', 'unknown-shape'],
    ['{"Monthly":{}}', 'unknown-shape'],
    ['<html>', 'malformed'],
    ['', 'malformed'],
  ])('%s is %s', (body, kind) => {
    expect(classifyAnswer(body).kind).toBe(kind)
  })
})

describe('a key', () => {
  it('is taken out in any case, from an address, and where another one is echoed', () => {
    const redactor = new KeyRedactor('SECRET42')
    expect(redactor.redact('http://a/query?symbol=X&apikey=SECRET42')).toBe('http://a/query?symbol=X&apikey=***')
    expect(redactor.redact('your API key as secret42 and')).toBe('your API key as *** and')
    expect(redactor.redact('your API key as OTHER99 and apikey=OTHER99')).toBe('your API key as *** and apikey=***')
  })
})

describe("New York's time", () => {
  it.each([
    ['2017-12-18 14:56:00', '2017-12-18T19:56:00.000Z'],
    ['2026-07-01 09:30:00', '2026-07-01T13:30:00.000Z'],
    ['2026-03-08 03:00:00', '2026-03-08T07:00:00.000Z'],
    ['2026-11-01 01:30:00', '2026-11-01T05:30:00.000Z'],
    ['2026-11-01 02:00:00', '2026-11-01T07:00:00.000Z'],
  ])('%s is %s', (text, iso) => {
    const timeUs = newYorkTimeUs(text)
    expect(new Date(timeUs / 1000).toISOString()).toBe(iso)
    expect(newYorkDay(timeUs)).toBe(text.slice(0, 10))
  })

  it.each(['', '2026-02-30 09:30:00', '2026-01-01', '2026-01-01 25:00:00'])('"%s" is none', (text) => {
    expect(newYorkTimeUs(text)).toBeNaN()
  })
})

const quoteOf = (price: string, volume: string, day: string) => ({
  '05. price': price,
  '06. volume': volume,
  '07. latest trading day': day,
})

describe('a quote', () => {
  const before = { price: '112.1300', volume: '1000', tradingDay: '2018-10-05' }
  it.each([
    ['the first one counts 1', quoteOf('112.13', '1000', '2018-10-05'), undefined, 1],
    ['the growth of the volume is the quantity', quoteOf('112.1300', '1250', '2018-10-05'), before, 250],
    ['a new price alone counts 1', quoteOf('113.0000', '1000', '2018-10-05'), before, 1],
    ['a volume that was corrected downwards counts 1', quoteOf('113.0000', '900', '2018-10-05'), before, 1],
    ['on a new day the volume begins anew', quoteOf('112.1300', '700', '2018-10-08'), before, 700],
  ])('%s', (_, quote, seen, quantity) => {
    const row = createTradeRow()
    expect(tradeFromQuote(quote, seen, 5, row)).toMatchObject({ volume: quote['06. volume'] })
    expect(row).toMatchObject({ id: -1, eventTimeUs: 5, quantity: { low: quantity } })
  })

  it('that is unchanged, of an older day, or damaged gives no trade', () => {
    const read = (quote: Record<string, unknown>) => tradeFromQuote(quote, before, 5, createTradeRow())
    expect(read(quoteOf('112.1300', '1000', '2018-10-05'))).toBe('unchanged')
    expect(read(quoteOf('110', '5', '2018-10-04'))).toBe('stale')
    expect(read(quoteOf('-1', '5', '2018-10-05'))).toMatchObject({ reason: 'invalid-price' })
    expect(read(quoteOf('1', '5.5', '2018-10-05'))).toMatchObject({ reason: 'invalid-quantity' })
    expect(read({ '05. price': '1' })).toMatchObject({ reason: 'invalid-time' })
  })
})

const RECORDED = fileURLToPath(new URL('../../../../shared/data/alphavantage/', import.meta.url))
const hasRecorded = existsSync(RECORDED)
if (!hasRecorded) console.warn('alpha-vantage: recorded answers are absent, their tests are skipped')

describe.skipIf(!hasRecorded)('recorded answers', () => {
  it('a quote keeps its digits', () => {
    const answer = classifyAnswer(readFileSync(`${RECORDED}global_quote.json`, 'utf8'))
    if (answer.kind !== 'quote') return expect.unreachable(answer.kind)
    const row = createTradeRow()
    expect(tradeFromQuote(answer.quote, undefined, 1, row)).toEqual({
      price: '112.1300',
      volume: '29062853',
      tradingDay: '2018-10-05',
    })
    expect(row.price).toEqual({ low: 1_121_300, high: 0, decimals: 4 })
  })

  it('a hundred bars come oldest first, and the bar under way is left', () => {
    const answer = classifyAnswer(readFileSync(`${RECORDED}time_series_intraday_1min.json`, 'utf8'))
    if (answer.kind !== 'bars') return expect.unreachable(answer.kind)
    const barUs = 60_000_000
    const lastUs = newYorkTimeUs('2017-12-18 14:56:00')
    const read = (afterUs: number, nowUs: number) => newBars(answer.meta, answer.bars, { afterUs, nowUs, barUs }).bars
    const bars = read(-1, lastUs + barUs)
    expect(bars).toHaveLength(Object.keys(answer.bars).length)
    expect(bars[0]?.startUs).toBe(newYorkTimeUs('2017-12-18 13:17:00'))
    expect(read(-1, lastUs + barUs - 1)).toHaveLength(bars.length - 1)
    expect(read(lastUs - 2 * barUs, lastUs + barUs)).toHaveLength(2)
    const row = createTradeRow()
    expect(tradeFromBar(bars.at(-1)!, barUs, 9, row)).toBe('trade')
    expect(row).toMatchObject({
      eventTimeUs: lastUs + barUs - 1000,
      price: { low: 865_000 },
      quantity: { low: 10_494 },
    })
  })
})
