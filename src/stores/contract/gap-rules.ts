import { expect, it } from 'vitest'
import type { Gap } from '../../events/gap.ts'
import type { MarketStore } from '../market-store.ts'
import { allPages, gap, KEEP_ALL, START_MS, writeOf } from './samples.ts'

function allGaps(store: MarketStore, limit: number): Promise<Gap[]> {
  return allPages((after) => store.gaps({ limit, ...(after === undefined ? {} : { after }) }))
}

export function gapRules(store: () => MarketStore): void {
  it('[MS34] gaps come back as they were, newest first, the later arrival first where times are equal, in pages', async () => {
    const late = gap({ fromId: 9, toId: 9, missingCount: 1, eventTimeMs: START_MS + 1.5, foundBy: 'processor' })
    const twice = [gap({ foundBy: 'feed' }), gap({ foundBy: 'processor' })]
    await store().write(writeOf({ gaps: [twice[0]!, late] }))
    await store().write(writeOf({ gaps: [twice[1]!, gap({ symbol: 'ETH-USD', eventTimeMs: START_MS - 1 })] }))
    for (const limit of [1, 2, 4, 5]) {
      const rows = await allGaps(store(), limit)
      expect(rows).toEqual([late, twice[1], twice[0], gap({ symbol: 'ETH-USD', eventTimeMs: START_MS - 1 })])
    }
    expect((await store().gaps({ limit: 4 })).next).toBeUndefined()
  })

  it('[MS35] gaps are listed by symbol', async () => {
    await store().write(writeOf({ gaps: [gap(), gap({ symbol: "O'NEIL" })] }))
    expect((await store().gaps({ symbol: "O'NEIL", limit: 9 })).rows).toEqual([gap({ symbol: "O'NEIL" })])
    expect((await store().gaps({ symbol: "' OR 1=1 --", limit: 9 })).rows).toEqual([])
  })

  it('[MS36] gaps are forgotten with the trades of their time, and with the epoch', async () => {
    const gaps = [gap(), gap({ eventTimeMs: START_MS + 5 }), gap({ eventTimeMs: START_MS + 6 })]
    await store().write(writeOf({ gaps }))
    expect(await store().retain({ ...KEEP_ALL, tradesBeforeUs: (START_MS + 5) * 1000 })).toBe(1)
    expect(await allGaps(store(), 9)).toEqual([gaps[2], gaps[1]])
    await store().clear('epoch-2')
    expect(await allGaps(store(), 9)).toEqual([])
  })
}
