import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FinPulseError } from '../../base/errors.ts'
import { lines, PushRig, quoteLine, tradeLine } from './push-test-kit.ts'

const CSV = 'time,symbol,price,quantity,side,id\n'
const STEMS = [
  lines(tradeLine({ id: 1, lastId: 2 }), quoteLine({ sequence: 4 })),
  `[${tradeLine({ price: 1 })},${quoteLine()}]`,
  `${CSV}1767225600000,"A",1.5,2,buy,1\n`,
  lines('{"type":"payment","kind":"card","id":1,"amount":"1.00"}', '{"type":"market-label","id":"x","venue":[]}'),
  lines('{"type":"watermark","eventTimeMs":1e400}', 'null', '[[]]', '"x"', '{"type":{}}', '{"__proto__":1}'),
]

/** Something near a good body: bytes of one are overwritten, cut out or said twice. */
const nearlyGood = fc
  .tuple(
    fc.constantFrom(...STEMS),
    fc.array(fc.tuple(fc.nat({ max: 400 }), fc.nat({ max: 6 }), fc.uint8Array({ maxLength: 6 })), { maxLength: 5 }),
  )
  .map(([stem, cuts]) => {
    let bytes = Buffer.from(stem)
    for (const [at, length, put] of cuts) {
      bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + length)])
    }
    return new Uint8Array(bytes)
  })
const body = fc.oneof(
  nearlyGood,
  fc.uint8Array({ maxLength: 200 }),
  fc.json().map((json) => Buffer.from(json)),
)

it('whatever bytes come, each line is taken or refused, and the next batch is taken as ever', async () => {
  const batch = fc.record({
    bytes: body,
    format: fc.constantFrom('ndjson' as const, 'csv' as const, 'json' as const),
    isStrict: fc.boolean(),
    batchId: fc.option(fc.string({ maxLength: 3 }), { nil: undefined }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { maxLength: 8 }), async (batches) => {
      const rig = new PushRig({ stepMaxCount: 2 })
      for (const { batchId, ...rest } of batches) {
        const answer = rig.feed.offer({ ...rest, ...(batchId === undefined ? {} : { batchId }) })
        const settled = answer.then(
          ({ refusedCount, refused }) => expect(refused.length).toBe(Math.min(10, refusedCount)),
          (error: unknown) => expect(error).toBeInstanceOf(FinPulseError),
        )
        await rig.commitAll()
        await settled
      }
      await rig.crash()
      const before = rig.rows.length
      expect(await rig.push(lines(tradeLine()))).toMatchObject({ acceptedCount: 1 })
      expect(rig.rows).toHaveLength(before + 1)
    }),
    { numRuns: 300 },
  )
})
