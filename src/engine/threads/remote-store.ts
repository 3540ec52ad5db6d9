import type { MarketStoreReader } from '../../stores/market-store.ts'
import type { CallTable, WorkerCalls } from './calls.ts'

type ReadName = keyof MarketStoreReader

/** Every query of the port; the compiler sees to it that none is missing. */
const READS: Readonly<Record<ReadName, true>> = {
  instruments: true,
  trades: true,
  tradesById: true,
  candles: true,
  candleRevisions: true,
  alerts: true,
  gaps: true,
  latestQuotes: true,
  latestTrades: true,
  prices: true,
  summaries: true,
  recentCloses: true,
  alertCountsSince: true,
  countsSince: true,
}
const READ_NAMES = Object.keys(READS) as ReadName[]

/**
 * The queries of a store, to be served to another thread.
 * @param ready what each waits for
 */
export function storeReads(store: MarketStoreReader, ready: () => Promise<void>): CallTable {
  const call =
    (name: ReadName) =>
    async (...args: never[]) => {
      await ready()
      return (store[name] as (...args: never[]) => unknown).apply(store, args)
    }
  return Object.fromEntries(READ_NAMES.map((name) => [name, call(name)]))
}

/** The store of another thread. */
export function remoteStore(calls: WorkerCalls): MarketStoreReader {
  const remote = READ_NAMES.map((name) => [name, (...args: readonly unknown[]) => calls.call(name, ...args)] as const)
  return Object.fromEntries(remote) as unknown as MarketStoreReader
}
