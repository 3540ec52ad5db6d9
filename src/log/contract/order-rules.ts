import { expect, it } from 'vitest'
import type { EventLog } from '../event-log.ts'
import { append, EVERYTHING, textsOf } from './sample-batches.ts'

export function orderRules(log: () => EventLog): void {
  it('[EL1] offsets of a partition start at 0 and have no gap', async () => {
    const first = await log().commit({ appends: [append('market.trades', 0, 3), append('market.trades', 0, 2)] })
    const second = await log().commit({ appends: [append('market.trades', 0, 1)] })
    expect(first.firstOffsets).toEqual([0, 3])
    expect(second.firstOffsets).toEqual([5])
    expect(await log().bounds('market.trades', 0)).toEqual({ startOffset: 0, endOffset: 6 })
  })

  it('[EL2] partitions and topics count on their own', async () => {
    const receipt = await log().commit({
      appends: [
        append('market.trades', 0, 3),
        append('market.trades', 1, 4),
        append('alerts', 0, 1),
        append('alerts', 0, 1),
      ],
    })
    expect(receipt.firstOffsets).toEqual([0, 0, 0, 1])
    expect(await log().bounds('market.trades', 1)).toEqual({ startOffset: 0, endOffset: 4 })
    expect(await log().bounds('alerts', 1)).toEqual({ startOffset: 0, endOffset: 0 })
  })

  it('[EL3] records keep the order of the commits and, within one, of its appends', async () => {
    await log().commit({
      appends: [append('alerts', 0, 1, 'a'), append('gaps', 0, 1, 'x'), append('alerts', 0, 1, 'b')],
    })
    await log().commit({ appends: [append('alerts', 0, 1, 'c')] })
    expect(textsOf(await log().read('alerts', 0, 0, EVERYTHING))).toEqual(['a', 'b', 'c'])
    expect(textsOf(await log().read('gaps', 0, 0, EVERYTHING))).toEqual(['x'])
  })

  it('[EL4] commits made in one turn keep the order of the calls', async () => {
    const commits = Array.from({ length: 50 }, (_, index) =>
      log().commit({ appends: [append('alerts', 0, 2, `${index}`)] }),
    )
    const receipts = await Promise.all(commits)
    expect(receipts.map((receipt) => receipt.firstOffsets[0])).toEqual(receipts.map((_, index) => index * 2))
    expect(textsOf(await log().read('alerts', 0, 0, EVERYTHING))).toEqual(receipts.map((_, index) => `${index}`))
  })

  it('[EL5] any number of commits can be made in one turn', async () => {
    const commits = Array.from({ length: 2500 }, () => log().commit({ appends: [append('alerts', 0, 1)] }))
    expect((await Promise.all(commits)).map((receipt) => receipt.firstOffsets[0])).toEqual(
      commits.map((_, index) => index),
    )
  })
}
