import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PaymentBatch } from '../../events/payment-batch.ts'
import { PAYMENT_CSV_HEADER, PaymentLines } from '../../events/payment-lines.ts'
import { readPayment } from './payment-line.ts'
import { isPushPosition } from './push-position.ts'
import { lines, NOW_US, PushRig, quoteLine, tradeLine } from './push-test-kit.ts'

const START_MS = NOW_US / 1000 - 60_000
let rig: PushRig

beforeEach(() => {
  rig = new PushRig()
})
afterEach(() => rig.feed.close())

describe('a batch', () => {
  it('is answered once it is durable, not before', async () => {
    let isAnswered = false
    const answer = rig.offer(lines(tradeLine({ id: 1 }), quoteLine()))
    void answer.then(() => {
      isAnswered = true
    })
    const signal = new AbortController().signal
    const step = await rig.feed.next(signal)
    await Promise.resolve()
    expect(isAnswered).toBe(false)
    rig.feed.committed(step!.position)
    expect(await answer).toEqual({ acceptedCount: 2, duplicateCount: 0, refusedCount: 0, refused: [] })
  })

  it('of nothing new waits for what it repeats, but makes no commit', async () => {
    const first = rig.offer(lines(tradeLine({ id: 1 })))
    const second = rig.offer(lines(tradeLine({ id: 1 })))
    await rig.commitAll()
    expect(rig.commitCount).toBe(1)
    expect((await first).acceptedCount).toBe(1)
    expect(await second).toMatchObject({ acceptedCount: 0, duplicateCount: 1 })
    expect(await rig.push(lines(tradeLine({ id: 1 })))).toMatchObject({ duplicateCount: 1 })
    expect(rig.commitCount).toBe(1)
  })

  it('has our time of arrival where it has none, and the venue of its batch', async () => {
    await rig.push(lines(tradeLine({ venue: undefined }), tradeLine({ receivedTimeMs: START_MS + 1 })), {
      venue: 'mine',
    })
    expect(rig.rows).toMatchObject([
      { venue: 'mine', receivedTimeMs: NOW_US / 1000 },
      { venue: 'acme', receivedTimeMs: START_MS + 1 },
    ])
    await rig.push(lines(tradeLine({ venue: undefined })))
    expect(rig.rows.at(-1)).toMatchObject({ venue: 'push' })
  })

  it('keeps digits as they are written, also of numbers', async () => {
    const line = tradeLine({ price: 'P', quantity: '0.10' }).replace('"P"', '0.1234567890123456789'.slice(0, 20))
    await rig.push(lines(line))
    expect(rig.rows).toMatchObject([{ price: '0.123456789012345678', quantity: '0.10' }])
  })
})

describe('a bad line', () => {
  it('is refused with its reason, and the good ones around it are taken', async () => {
    const result = await rig.push(
      lines(
        tradeLine({ id: 1 }),
        '{"type":"trade"',
        '',
        tradeLine({ price: '-1' }),
        '{"type":"candle"}',
        tradeLine({ id: 2 }),
      ),
    )
    expect(result).toMatchObject({ acceptedCount: 2, duplicateCount: 0, refusedCount: 3 })
    expect(result.refused.map(({ line, reason }) => [line, reason])).toEqual([
      [2, 'malformed'],
      [4, 'invalid-price'],
      [5, 'unknown-shape'],
    ])
    expect(result.refused[2]?.detail).toContain('"candle"')
    expect(rig.reasons).toEqual(['malformed', 'invalid-price', 'unknown-shape'])
    expect(rig.feed.dropped()).toEqual({ malformed: 1, 'invalid-price': 1, 'unknown-shape': 1 })
  })

  it("of the other feed's venue is refused, whatever its digits: a symbol has one source", async () => {
    const rig = new PushRig({ takenVenues: ['sim'] })
    const lines = ['sim', 'push'].flatMap((venue) => [
      `{"type":"trade","venue":"${venue}","symbol":"A","price":"9000000000000000000000000","quantity":"1","eventTimeMs":1767225600000}`,
      `{"type":"quote","venue":"${venue}","symbol":"A","bidPrice":"1","bidQuantity":"1","askPrice":"2","askQuantity":"1","eventTimeMs":1767225600000}`,
    ])
    const { acceptedCount, refused } = await rig.push(lines.join('\n'))
    expect(acceptedCount).toBe(2)
    expect(refused.map(({ line, reason, detail }) => [line, reason, detail.includes('--feed push')])).toEqual([
      [1, 'invalid-symbol', true],
      [2, 'invalid-symbol', true],
    ])
    expect(rig.rows.map((row) => 'venue' in row && row.venue)).toEqual(['push', 'push'])
  })

  it('is named ten times, and counted always', async () => {
    const result = await rig.push(lines(...Array.from({ length: 50 }, () => 'nonsense')))
    expect(result.refused).toHaveLength(10)
    expect(result.refusedCount).toBe(50)
    expect(rig.reasons).toHaveLength(5)
  })

  it('refuses a strict batch as a whole, and nothing of it has an effect', async () => {
    const text = lines(tradeLine({ id: 1, symbol: 'NEW' }), tradeLine({ eventTimeMs: 'noon' }))
    const refused = rig.push(text, { isStrict: true, batchId: 'a' })
    await expect(refused).rejects.toMatchObject({ code: 'event-invalid', retryable: false })
    await expect(refused).rejects.toThrow(
      'body: 1 of 2 lines are bad, so nothing was taken; the first is line 2: invalid-time',
    )
    expect(rig.rows).toEqual([])
    expect(rig.commitCount).toBe(0)
    const mended = lines(tradeLine({ id: 1, symbol: 'NEW' }))
    expect(await rig.push(mended, { isStrict: true, batchId: 'a' })).toMatchObject({ acceptedCount: 1 })
  })

  it('that would not fit beside earlier digits is found by the strict check too', async () => {
    await rig.push(lines(tradeLine({ price: '1234567890123456' })))
    const line = lines(tradeLine({ price: '1.000000000000000001', quantity: '1' }))
    await expect(rig.push(line, { isStrict: true })).rejects.toThrow('overflow')
    await rig.crash()
    expect(await rig.push(line)).toMatchObject({ refusedCount: 1 })
  })

  it('of a far future is refused: it would make everything else late', async () => {
    const result = await rig.push(
      lines(tradeLine({ eventTimeMs: NOW_US / 1000 + 60_000 }), tradeLine({ eventTimeMs: NOW_US / 1000 + 60_001 })),
    )
    expect(result).toMatchObject({ acceptedCount: 1, refusedCount: 1 })
    expect(result.refused[0]).toMatchObject({ line: 2, reason: 'invalid-time' })
  })
})

describe('other formats', () => {
  it('CSV names its columns in a header', async () => {
    const text = lines(
      'time,symbol,price,quantity,side,id',
      `${START_MS},AAPL,230.02,29,buy,1`,
      `${START_MS},AAPL,x,29,,2`,
    )
    const result = await rig.push(text, { format: 'csv' })
    expect(result).toMatchObject({ acceptedCount: 1, refusedCount: 1, refused: [{ line: 3, reason: 'invalid-price' }] })
    expect(rig.rows).toMatchObject([{ venue: 'push', symbol: 'AAPL', id: 1, price: '230.02', takerSide: 'buy' }])
    await expect(rig.push('when,what\n', { format: 'csv' })).rejects.toMatchObject({ code: 'format-unknown' })
  })

  it('CSV of payments is what the generator writes', async () => {
    const header = PAYMENT_CSV_HEADER.trim()
    const card = `${START_MS * 1000},1,online,5,6,7,8,,12.30,EUR,DE,100,200`
    const transfer = `${START_MS * 1000 + 1},2,transfer,5,,,,9,0.01,EUR,FR,,`
    const result = await rig.push(lines(header, card, transfer, card.replace(',6,', ',x,'), 'a,b'), { format: 'csv' })
    expect(result).toMatchObject({ acceptedCount: 2, refusedCount: 2 })
    expect(result.refused.map(({ line, reason }) => [line, reason])).toEqual([
      [4, 'invalid-id'],
      [5, 'malformed'],
    ])
    const batch = new PaymentBatch(2)
    for (const row of rig.rows) expect(readPayment({ ...row }, batch, 0)).toBeUndefined()
    // Written again, they are the same lines.
    expect(Buffer.from(new PaymentLines().csv(batch)).toString()).toBe(lines(card, transfer))
  })

  it('JSON is one event or an array of them, whose texts may hold anything', async () => {
    const array = `[ ${tradeLine({ id: 1 })},\n {"type":"trade","symbol":"a],[\\"}\nb"} ,${tradeLine({ id: 2 })} ]\n`
    const result = await rig.push(array, { format: 'json' })
    expect(result).toMatchObject({ acceptedCount: 2, refusedCount: 1, refused: [{ line: 2, reason: 'malformed' }] })
    const pretty = JSON.stringify(JSON.parse(tradeLine({ id: 3 })), null, 2)
    expect(await rig.push(pretty, { format: 'json' })).toMatchObject({ acceptedCount: 1 })
    for (const bad of ['', '7', '[{}', '[] []', '[}]']) {
      await expect(rig.push(bad, { format: 'json' })).rejects.toMatchObject({ code: 'request-invalid' })
    }
    expect(await rig.push('[]', { format: 'json' })).toMatchObject({ acceptedCount: 0, refusedCount: 0 })
  })

  it('labels are taken once', async () => {
    const marketLabel = {
      ...{ type: 'market-label', id: 'm1', kind: 'flash-crash', venue: 'sim', symbol: 'AAPL' },
      ...{ fromMs: START_MS, toMs: START_MS + 1, magnitude: 5, eventTimeMs: START_MS + 2 },
    }
    const paymentLabel = {
      ...{ type: 'payment-label', paymentId: 7, kind: 'fan-in', ring: 'r' },
      ...{ paymentTimeMs: START_MS, eventTimeMs: START_MS + 1 },
    }
    const text = lines(JSON.stringify(marketLabel), JSON.stringify(paymentLabel), '{"type":"market-label","id":1}')
    expect(await rig.push(text)).toMatchObject({ acceptedCount: 2, refusedCount: 1 })
    expect(rig.rows).toEqual([marketLabel, paymentLabel])
    await rig.crash()
    expect(await rig.push(text)).toMatchObject({ duplicateCount: 2, refusedCount: 1 })
  })
})

describe('an id', () => {
  it('makes an event the same one, whatever else a sender says of it the second time', async () => {
    const first = [1, 2, 3].map((id) => tradeLine({ id, eventTimeMs: START_MS + id }))
    const again = [1, 2, 3].map((id) => tradeLine({ id, price: '7', eventTimeMs: START_MS + 100 + id }))
    await rig.push(lines(...first, again[0]!))
    expect(await rig.push(lines(...again))).toMatchObject({ acceptedCount: 0, duplicateCount: 3 })
    await rig.crash()
    expect(await rig.push(lines(...first, ...again))).toMatchObject({ acceptedCount: 0, duplicateCount: 6 })
    expect(rig.rows).toHaveLength(3)
  })

  it('of a payment is that of its source', async () => {
    const payment = JSON.stringify({
      ...{ type: 'payment', kind: 'transfer', id: 1, customer: 1, counterparty: 2, amount: '1', currency: 'JPY' },
      ...{ country: 'JP', eventTimeMs: START_MS },
    })
    expect(await rig.push(lines(payment, payment), { source: 'a' })).toMatchObject({
      acceptedCount: 1,
      duplicateCount: 1,
    })
    expect(await rig.push(lines(payment), { source: 'b' })).toMatchObject({ acceptedCount: 1 })
  })

  it('of a batch gets the same answer again, and no other bytes', async () => {
    const text = lines(tradeLine(), 'nonsense')
    const first = await rig.push(text, { batchId: 'one' })
    expect(await rig.push(text, { batchId: 'one' })).toEqual(first)
    await expect(rig.push(lines(tradeLine()), { batchId: 'one' })).rejects.toMatchObject({ code: 'request-invalid' })
    await rig.crash()
    expect(await rig.push(text, { batchId: 'one' })).toEqual({ ...first, refused: [] })
    expect(rig.rows).toHaveLength(1)
    expect(rig.feed.dropped()).toEqual({ 'batch-repeated': 1 })
  })

  it('is forgotten in the end: the position stays small', async () => {
    const odd = Array.from({ length: 20_000 }, (_, index) => tradeLine({ id: index * 1_000_003 }))
    for (let batch = 0; batch < 20; batch++) {
      await rig.push(lines(...odd.slice(batch * 1000, (batch + 1) * 1000)), { batchId: `b${batch}` })
    }
    for (let batch = 0; batch < 200; batch++) await rig.push(lines(tradeLine()), { batchId: `c${batch}` })
    expect(rig.position!.length).toBeLessThan(16_384)
    expect(rig.feed.dropped()['ids-forgotten']).toBeGreaterThan(18_000)
    expect(await rig.push(lines(odd.at(-1)!))).toMatchObject({ duplicateCount: 1 })
    expect(isPushPosition(rig.position!)).toBe(true)
  })
})

describe('the queue', () => {
  it('refuses a batch where it is full, in a way that says to try again', async () => {
    rig = new PushRig({ queueMaxCount: 2, queueMaxBytes: 1000 })
    const large = lines(...Array.from({ length: 20 }, (_, id) => tradeLine({ id })))
    const first = rig.offer(large)
    await expect(rig.offer(lines(tradeLine()))).rejects.toMatchObject({ code: 'queue-full', retryable: true })
    const waiting = rig.offer(lines(tradeLine()), { mayWait: true })
    expect(rig.feed.status()).toMatchObject({ queueCount: 2, dropped: { 'queue-full': 1 } })
    await rig.commitAll()
    expect((await first).acceptedCount).toBe(20)
    expect((await waiting).acceptedCount).toBe(1)
    expect(rig.feed.status().queueCount).toBe(0)
    expect(await rig.push(lines(tradeLine()))).toMatchObject({ acceptedCount: 1 })
  })

  it('is given back when the feed is closed', async () => {
    const answer = rig.offer(lines(tradeLine()))
    await rig.feed.close()
    await expect(answer).rejects.toMatchObject({ code: 'not-ready', retryable: true })
    await expect(rig.offer(lines(tradeLine()))).rejects.toMatchObject({ code: 'not-ready' })
  })
})

describe('a watermark', () => {
  it('is given where one was pushed, with the events before it', async () => {
    rig = new PushRig({ idle: { afterMs: 5000, latenessMs: 120_000 } })
    const watermark = JSON.stringify({ type: 'watermark', eventTimeMs: START_MS + 5 })
    const result = await rig.push(lines(tradeLine({ id: 1 }), watermark, tradeLine({ id: 2 })))
    expect(result).toMatchObject({ acceptedCount: 2, refusedCount: 0 })
    expect(rig.watermarks).toEqual([(START_MS + 5) * 1000])
    expect(rig.commitCount).toBe(2)
  })

  it('is given for all partitions when the newest event is past a minute', async () => {
    rig = new PushRig({ idle: { afterMs: 5000, latenessMs: 2000 } })
    for (const second of [10, 59, 61, 62, 70]) {
      await rig.push(lines(tradeLine({ eventTimeMs: Date.UTC(2020, 0, 1, 0, 0, second) })))
    }
    expect(rig.watermarks).toEqual([Date.UTC(2020, 0, 1, 0, 1) * 1000])
  })

  it('is never given beside another feed, whose events it would make late', async () => {
    const watermark = JSON.stringify({ type: 'watermark', eventTimeMs: START_MS })
    expect(await rig.push(lines(tradeLine(), watermark))).toMatchObject({ acceptedCount: 1, refusedCount: 1 })
    expect(rig.watermarks).toEqual([])
    await rig.clock.advance(3_600_000)
    expect(await rig.commit()).toBe(false)
    expect(rig.clock.sleeperCount).toBe(0)
  })

  it('follows the pace of the clock where nothing comes any more, minute by minute', async () => {
    rig = new PushRig({ idle: { afterMs: 5000, latenessMs: 2000 } })
    await rig.clock.advance(600_000)
    expect(await rig.commit()).toBe(false)
    // The data is of another time than the clock's.
    const lastMs = Date.UTC(2020, 0, 1, 0, 0, 50)
    await rig.push(lines(tradeLine({ id: 1, eventTimeMs: lastMs })))
    expect(rig.watermarks).toEqual([])
    await rig.clock.advance(11_999)
    expect(await rig.commit()).toBe(false)
    await rig.clock.advance(1)
    expect(await rig.commit()).toBe(true)
    expect(rig.watermarks).toEqual([Date.UTC(2020, 0, 1, 0, 1) * 1000])
    await rig.clock.advance(60_000)
    await rig.commitAll()
    expect(rig.watermarks.at(-1)).toBe(Date.UTC(2020, 0, 1, 0, 2) * 1000)
    await rig.crash()
    await rig.clock.advance(60_000)
    await rig.commitAll()
    // After a restart the source's time goes on where it was, without the time in between.
    expect(rig.watermarks.at(-1)).toBe(Date.UTC(2020, 0, 1, 0, 1, 48) * 1000)
  })
})
