import { expect, it } from 'vitest'
import { createQuoteRow } from '../rows/market-row.ts'
import { RowInstruments } from '../rows/row-instruments.ts'
import { QuoteOrder } from './quote-order.ts'

it('a quote that two sockets bring counts once, until the venue numbers anew', () => {
  const instrument = new RowInstruments(undefined).find('binance-spot', 'BTCUSDT')!
  const order = new QuoteOrder()
  const isNew = (sequence: number, second: number) =>
    order.isNew(instrument, { ...createQuoteRow(), sequence, receivedTimeUs: second * 1e6 })
  expect([isNew(5, 0), isNew(7, 1), isNew(7, 2), isNew(6, 60), isNew(8, 60)]).toEqual([true, true, false, false, true])
  expect([isNew(1, 119), isNew(1, 120), isNew(2, 120)]).toEqual([false, true, true])
})
