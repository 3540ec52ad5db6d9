import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Outbox } from './outbox.ts'

const ofBytes = (count: number) => new Uint8Array(count).fill(1)

describe('an outbox', () => {
  it('sends everything in order, in parts that are no larger than they may be, and never has more waiting than that', async () => {
    const lists = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(lists, fc.integer({ min: 0, max: 120 }), async (lengths, batchMaxBytes) => {
        const sent: number[][] = []
        const send = async (bytes: Uint8Array) => {
          if (sent.length % 3 === 0) await sleep(0)
          sent.push([...bytes])
        }
        const outbox = new Outbox({ name: 'a place', waitingMaxBytes: 100, batchMaxBytes, send })
        const taken: number[] = []
        for (const [index, length] of lengths.entries()) {
          await outbox.push(new Uint8Array(length).fill(index), () => taken.push(index))
        }
        await outbox.drain()
        expect(taken).toEqual(lengths.map((_, index) => index))
        expect(sent.flat()).toEqual(lengths.flatMap((length, index) => Array<number>(length).fill(index)))
        for (const { length } of sent) expect(length).toBeLessThanOrEqual(Math.max(batchMaxBytes, 50))
      }),
      { numRuns: 50 },
    )
  })

  it('goes on where what was taken is given to another thread at once', async () => {
    const outbox = new Outbox({ name: 'a place', waitingMaxBytes: 100, batchMaxBytes: 0, send: () => sleep(1) })
    for (let count = 0; count < 10; count++) {
      const bytes = ofBytes(60)
      await outbox.push(bytes, () => structuredClone(bytes.buffer, { transfer: [bytes.buffer] }))
    }
    await outbox.drain()
  })

  it('ends with the first failure, in the name of the place, and sends nothing after it', async () => {
    const sent: number[] = []
    const send = async ({ length }: Uint8Array) => {
      if (length === 3) throw new Error('no room')
      sent.push(length)
    }
    const outbox = new Outbox({ name: 'a place', waitingMaxBytes: 100, batchMaxBytes: 0, send })
    await Promise.all([1, 2, 3, 4].map((length) => outbox.push(ofBytes(length), () => undefined)))
    await expect(outbox.drain()).rejects.toThrow('a place: no room')
    await expect(outbox.push(ofBytes(5), () => undefined)).rejects.toMatchObject({ code: 'sink-failed' })
    expect(sent).toEqual([1, 2])
  })

  it('lets go of what waits when it is given up, also who waits for room', async () => {
    const send = (_: Uint8Array, signal: AbortSignal) => sleep(60_000, undefined, { signal })
    const outbox = new Outbox({ name: 'a place', waitingMaxBytes: 10, batchMaxBytes: 0, send })
    let takenCount = 0
    const pushing = outbox.push(ofBytes(60), () => (takenCount += 1))
    await outbox.giveUp()
    await pushing
    await outbox.drain()
    expect([takenCount, outbox.isGone]).toEqual([0, true])
  })
})
