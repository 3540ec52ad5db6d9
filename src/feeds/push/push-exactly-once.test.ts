import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lines, NOW_US, PushRig, quoteLine, tradeLine } from './push-test-kit.ts'

const START_MS = NOW_US / 1000 - 60_000
const EVENT_COUNT = 60

const payment = (id: number) =>
  JSON.stringify({
    type: 'payment',
    kind: 'transfer',
    id,
    customer: 1,
    counterparty: 2,
    amount: '1.00',
    currency: 'EUR',
    country: 'DE',
    eventTimeMs: START_MS + id,
    receivedTimeMs: START_MS + id,
  })

/** A stream with ids: some consecutive, some with holes, some aggregates, of two symbols, with quotes and payments. */
const STREAM = Array.from({ length: EVENT_COUNT }, (_, index) => {
  const eventTimeMs = START_MS + index
  const symbol = index % 3 === 0 ? 'BTC-EUR' : 'ETH-EUR'
  const times = { eventTimeMs, receivedTimeMs: eventTimeMs }
  if (index % 10 === 9) return payment(index)
  if (index % 7 === 6) return quoteLine({ symbol, sequence: index * 3, ...times })
  const id = index % 5 === 4 ? { id: index * 4, lastId: index * 4 + 3 } : { id: index * 4 }
  return tradeLine({ symbol, ...id, ...times })
})

/** One stroke: a stretch of the stream as a batch, perhaps with an id; commits, perhaps a crash. */
const stroke = fc.record({
  from: fc.nat({ max: EVENT_COUNT - 1 }),
  length: fc.integer({ min: 1, max: 20 }),
  hasBatchId: fc.boolean(),
  commitCount: fc.nat({ max: 4 }),
  stepsPerCommit: fc.integer({ min: 1, max: 3 }),
  hasCrash: fc.boolean(),
  lostStepCount: fc.nat({ max: 2 }),
})

function identityOf(row: object): string {
  const { type, symbol, id, sequence } = row as Record<string, unknown>
  return `${type} ${symbol} ${id ?? sequence}`
}

describe('pushed events with ids', () => {
  it('are in the log once, whatever is repeated, however it is split and wherever it crashes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stroke, { maxLength: 15 }), async (strokes) => {
        const rig = new PushRig({ stepMaxCount: 4 })
        for (const { from, length, hasBatchId, commitCount, stepsPerCommit, hasCrash, lostStepCount } of strokes) {
          const part = STREAM.slice(from, from + length)
          const more = hasBatchId ? { batchId: `${from}+${length}` } : {}
          rig.offer(lines(...part), more).catch(() => undefined)
          for (let count = 0; count < commitCount; count++) await rig.commit(stepsPerCommit)
          if (hasCrash) await rig.crash(lostStepCount)
        }
        // In the end everything is sent once more, as a client does that knows nothing.
        const result = await rig.push(lines(...STREAM))
        expect(result.acceptedCount + result.duplicateCount).toBe(EVENT_COUNT)
        expect(result.refusedCount).toBe(0)
        const taken = rig.rows.map(identityOf).sort()
        expect(taken).toEqual(STREAM.map((line) => identityOf(JSON.parse(line))).sort())
      }),
      { numRuns: 150 },
    )
  })
})

describe('pushed batches with ids', () => {
  const BATCHES = [1, 3, 9, 14].map((count, batch) =>
    Array.from({ length: count }, (_, index) => tradeLine({ price: `${batch}.${100 + index}` })),
  )

  it('are in the log once, also where their events have no ids, and are always answered the same', async () => {
    const attempt = fc.record({
      batch: fc.nat({ max: BATCHES.length - 1 }),
      commitCount: fc.nat({ max: 3 }),
      lostStepCount: fc.option(fc.nat({ max: 2 })),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(attempt, { maxLength: 15 }), async (attempts) => {
        const rig = new PushRig({ stepMaxCount: 3 })
        const answers: Promise<unknown>[] = []
        for (const { batch, commitCount, lostStepCount } of attempts) {
          const answer = rig.offer(lines(...BATCHES[batch]!), { batchId: `batch ${batch}` })
          answers.push(
            answer.then(
              (result) => expect(result.acceptedCount).toBe(BATCHES[batch]!.length),
              (error) => expect(error.code).toBe('not-ready'),
            ),
          )
          for (let count = 0; count < commitCount; count++) await rig.commit()
          if (lostStepCount !== null) await rig.crash(lostStepCount)
        }
        for (const [batch, part] of BATCHES.entries()) {
          const result = await rig.push(lines(...part), { batchId: `batch ${batch}` })
          expect(result).toEqual({ acceptedCount: part.length, duplicateCount: 0, refusedCount: 0, refused: [] })
        }
        await Promise.all(answers)
        const prices = rig.rows.map((row) => ('price' in row ? row.price : '')).sort()
        expect(prices).toEqual(
          BATCHES.flat()
            .map((line) => JSON.parse(line).price)
            .sort(),
        )
      }),
      { numRuns: 150 },
    )
  })
})
