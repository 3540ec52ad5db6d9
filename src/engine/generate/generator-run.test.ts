import { afterEach, describe, expect, it } from 'vitest'
import { removeTempDirectories } from '../../../tests/support/temp-directory.ts'
import { systemClock } from '../../base/clock.ts'
import { FinPulseError } from '../../base/errors.ts'
import { GeneratorRun } from './generator-run.ts'
import { LocalPieces } from './local-pieces.ts'
import type { PieceSink } from './sinks/sink.ts'
import { schedulesOf } from './source-spec.ts'
import { generate, lines } from './testing/generated.ts'

afterEach(removeTempDirectories)

/** Takes so many pieces, then fails, and may fail once more when it is given up. */
function failingSink(pieceCount: number, extra: Partial<PieceSink> = {}): PieceSink {
  let left = pieceCount
  return {
    name: 'a place',
    isGone: false,
    writeHeader: async () => undefined,
    write: async (_, taken) => {
      if (left === 0) throw new FinPulseError('sink-failed', 'a place: is full')
      left -= 1
      taken()
    },
    close: async () => undefined,
    giveUp: async () => undefined,
    ...extra,
  }
}

describe('a run whose place fails', () => {
  const runWith = (sink: PieceSink, closed: () => void) => {
    const source = new LocalPieces(lines, 0, 10_000)
    const close = source.close.bind(source)
    source.close = async () => {
      closed()
      await close()
    }
    const schedule = schedulesOf(lines).whole
    return new GeneratorRun({ source, schedule, sink, header: new Uint8Array(0), clock: systemClock, endIndex: 10_000 })
  }

  it('knows what was taken, and lets go of the source, also where the place cannot be left in order', async () => {
    for (const giveUp of [async () => undefined, async () => Promise.reject(new Error('cannot be cut back'))]) {
      let closedCount = 0
      const run = runWith(failingSink(3, { giveUp }), () => {
        closedCount += 1
      })
      await expect(run.run(new AbortController().signal)).rejects.toThrow()
      expect(run.summary()).toMatchObject({ nextIndex: 3 * 256, events: { trades: 3 * 256 } })
      expect(closedCount).toBe(1)
    }
  })

  it('has nothing where the place keeps only the whole', async () => {
    const run = runWith(failingSink(3, { isAllOrNothing: true }), () => undefined)
    await expect(run.run(new AbortController().signal)).rejects.toThrow('a place: is full')
    expect(run.summary()).toMatchObject({ nextIndex: 0, events: {}, bytes: 0, fromMs: null })
  })

  it('has no lag where it does not keep to the clock', async () => {
    const { lagMs, nextIndex } = await generate(lines, failingSink(Number.POSITIVE_INFINITY), 1000)
    expect({ lagMs, nextIndex }).toEqual({ lagMs: null, nextIndex: 1000 })
  })
})
