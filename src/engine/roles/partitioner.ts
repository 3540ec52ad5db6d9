import { hashText } from '../../base/random.ts'
import { copyRows } from '../../events/column.ts'
import { QuoteBatch } from '../../events/quote-batch.ts'
import { TradeBatch } from '../../events/trade-batch.ts'

/** The partition of a symbol: the same on every machine and in every run. */
export function partitionOf(symbol: string, partitionCount: number): number {
  return partitionCount === 1 ? 0 : hashText(symbol) % partitionCount
}

/** Splits a batch by symbol; rows keep their order. Element `i` of the answer is partition `i`. */
export function splitByPartition<B extends TradeBatch | QuoteBatch>(batch: B, partitionCount: number): B[] {
  if (partitionCount === 1) return [batch]
  const parts = Array.from({ length: partitionCount }, () => emptyLike(batch))
  const partition = Array.from({ length: batch.instruments.count }, (_, index) =>
    partitionOf(batch.instruments.at(index).symbol, partitionCount),
  )
  for (let row = 0; row < batch.count; row++) {
    const part = parts[partition[batch.instrument[row]!]!]!
    copyRows(batch.columns, row, part.columns, part.count, 1)
    part.count += 1
  }
  return parts
}

function emptyLike<B extends TradeBatch | QuoteBatch>(batch: B): B {
  if (batch instanceof TradeBatch) {
    const part = new TradeBatch(batch.instruments, batch.count)
    part.watermarkUs = batch.watermarkUs
    return part as B
  }
  return new QuoteBatch(batch.instruments, batch.count) as B
}
