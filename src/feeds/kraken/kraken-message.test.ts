import { describe, expect, it } from 'vitest'
import { parseExactJson } from '../rows/exact-json.ts'
import { createQuoteRow, createTradeRow } from '../rows/market-row.ts'
import { isControl, readMessage } from './kraken-message.ts'
import { quoteFromKraken, tradeFromKraken, tradeFromRest } from './market-from-kraken.ts'
import { Subscriptions } from './subscriptions.ts'

/*
 * Messages of WebSocket v2 as public projects have recorded them: trades of 2025-07-23, a ticker of 2026-07-08, status,
 * answer and refusal of September and October 2026. Three trades of one order share their time and have three ids in a
 * row; so have the thousand rows of a recorded answer of REST `Trades` (ids 10218208 to 10219207 of XBT/USDT).
 */
const TRADES =
  '{"channel":"trade","type":"update","data":[{"symbol":"BTC/USDT","side":"buy","price":118832.9,"qty":0.00409283,' +
  '"ord_type":"market","trade_id":9622656,"timestamp":"2025-07-23T04:41:46.919844Z"},{"symbol":"BTC/USDT","side":"buy",' +
  '"price":118837.0,"qty":0.00033315,"ord_type":"market","trade_id":9622657,"timestamp":"2025-07-23T04:41:46.919844Z"},' +
  '{"symbol":"BTC/USDT","side":"buy","price":118837.5,"qty":0.07963402,"ord_type":"market","trade_id":9622658,' +
  '"timestamp":"2025-07-23T04:41:46.919844Z"}]}'
const TICKER =
  '{"channel":"ticker","type":"snapshot","data":[{"symbol":"BTC/USD","bid":62703.4,"bid_qty":0.0318498,"ask":62710.3,' +
  '"ask_qty":0.00191335,"last":62702.9,"volume":1947.83637005,"vwap":63392.2,"low":62476.1,"high":64196.6,' +
  '"change":-239.4,"change_pct":-0.38,"timestamp":"2026-07-08T05:24:41.204829Z"}]}'
const STATUS =
  '{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2",' +
  '"connection_id":9471984923908980762}]}'
const ANSWER =
  '{"method":"subscribe","result":{"channel":"ticker","event_trigger":"trades","snapshot":true,"symbol":"USDT/USD"},' +
  '"success":true,"time_in":"2026-09-24T03:54:28.829165Z","time_out":"2026-09-24T03:54:28.829217Z"}'
const REFUSAL =
  '{"error":"Currency pair not supported XBT/USD","method":"subscribe","success":false,"symbol":"XBT/USD",' +
  '"time_in":"2026-10-06T17:39:49.588049Z","time_out":"2026-10-06T17:39:49.588083Z"}'
const REST_ROW = '["105433.60000","0.00027625",1762795433.9717445,"b","l","",10218208]'

const read = (text: string) => readMessage(new TextEncoder().encode(text))

function rowOf(text: string, index = 0) {
  const message = read(text)
  if (!('rows' in message)) throw new Error(`expected rows, got ${message.kind}`)
  return message.rows[index]!
}

describe('messages of Kraken', () => {
  it('trades keep their digits, ids, side and microseconds', () => {
    const row = createTradeRow()
    expect(tradeFromKraken(rowOf(TRADES, 1), row)).toBeUndefined()
    expect(row).toMatchObject({
      id: 9_622_657,
      price: { low: 1_188_370, decimals: 1 },
      quantity: { low: 33_315, decimals: 8 },
      eventTimeUs: Date.UTC(2025, 6, 23, 4, 41, 46) * 1000 + 919_844,
      flags: 1,
    })
  })

  it('numbers are read from their digits, not through a double, in exponent form too', () => {
    const row = createTradeRow()
    const text = TRADES.replace('118832.9', '0.30000000000000004').replace('0.00409283', '1e-08')
    expect(tradeFromKraken(rowOf(text), row)).toBeUndefined()
    expect(row.price.decimals).toBe(17)
    expect(row.quantity).toMatchObject({ low: 1, decimals: 8 })
  })

  it('a row of REST is the same trade as the one of the socket', () => {
    const row = createTradeRow()
    expect(tradeFromRest(parseExactJson(REST_ROW) as unknown[], row)).toBeUndefined()
    expect(row).toMatchObject({ id: 10_218_208, eventTimeUs: 1_762_795_433_971_744, flags: 1 })
    expect(row.price).toMatchObject({ low: 10_543_360_000, decimals: 5 })
  })

  it.each([
    ['"trade_id":9622656', '"trade_id":0', 'invalid-id'],
    ['"trade_id":9622656', '"trade_id":9622656.5', 'invalid-id'],
    ['"side":"buy"', '"side":"hold"', 'invalid-side'],
    ['118832.9', '-1', 'invalid-price'],
    ['118832.9', 'null', 'invalid-price'],
    ['0.00409283', '0', 'invalid-quantity'],
    ['2025-07-23T04:41:46.919844Z', 'yesterday', 'invalid-time'],
  ])('refuses %s as %s: %s', (good, bad, reason) => {
    expect(tradeFromKraken(rowOf(TRADES.replace(good, bad)), createTradeRow())).toMatchObject({ reason })
  })

  it('a ticker is a quote, unless nobody bids or asks', () => {
    const row = createQuoteRow()
    expect(quoteFromKraken(rowOf(TICKER), 5, row)).toBeUndefined()
    expect(row).toMatchObject({
      bidPrice: { low: 627_034, decimals: 1 },
      askQuantity: { low: 191_335, decimals: 8 },
      eventTimeUs: Date.UTC(2026, 6, 8, 5, 24, 41) * 1000 + 204_829,
      receivedTimeUs: 5,
      sequence: -1,
    })
    expect(quoteFromKraken(rowOf(TICKER.replace('"bid":62703.4', '"bid":0')), 5, row)).toBe('one-sided')
    const { timestamp: _, ...withoutTime } = rowOf(TICKER)
    expect(quoteFromKraken(withoutTime, 5, row)).toBeUndefined()
    expect(row.eventTimeUs).toBe(5)
  })

  it('tells what is about the connection from what is of the market', () => {
    expect(read(STATUS)).toEqual({ kind: 'status', system: 'online' })
    expect(read('{"channel":"heartbeat"}')).toEqual({ kind: 'passed-over' })
    expect(read(REFUSAL)).toMatchObject({ kind: 'answer', answer: { isSuccess: false, symbol: 'XBT/USD' } })
    expect(read(ANSWER)).toMatchObject({ kind: 'answer', answer: { isSuccess: true, symbol: 'USDT/USD' } })
    expect(read('[1]')).toMatchObject({ kind: 'refused', refusal: { reason: 'unknown-shape' } })
    const control = [STATUS, ANSWER, REFUSAL, '{"channel":"heartbeat"}', '{"Error":"Exceeded msg rate"}']
    const isControlText = (text: string) => isControl(new TextEncoder().encode(text))
    expect(control.map(isControlText)).toEqual(control.map(() => true))
    expect([TRADES, TICKER].map(isControlText)).toEqual([false, false])
  })
})

describe('Subscriptions', () => {
  it('are settled once all is answered, be it with a refusal; the socket before counts no more', () => {
    const asked = new Subscriptions(true)
    asked.begin(0, ['A/B', 'C/D'], 0)
    asked.begin(0, ['A/B', 'C/D'], 10)
    const answer = (requestId: number, symbol: string, isSuccess = true) =>
      asked.take({ requestId, symbol, isSuccess, error: isSuccess ? '' : 'no such pair C/D' }, 20)
    for (const requestId of [1, 2]) for (const symbol of ['A/B', 'C/D']) answer(requestId, symbol)
    expect(asked.isSettled(0, 1e6, 0)).toBe(false)
    expect(asked.isOverdue(0, 1e6, 1)).toBe(true)
    answer(3, 'A/B')
    answer(4, 'A/B')
    expect(answer(3, '', false)).toBe('C/D')
    expect(answer(4, 'C/D', false)).toBeUndefined()
    expect(asked.isSettled(0, 20, 0)).toBe(true)
    expect(asked.isSettled(0, 20, 1)).toBe(false)
    expect([...asked.refused.keys()]).toEqual(['C/D'])
  })
})
