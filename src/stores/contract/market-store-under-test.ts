import type { MarketStore } from '../market-store.ts'

/** One store of an adapter, made for one test. */
export interface MarketStoreUnderTest {
  readonly store: MarketStore
  /** Closes the store and opens it again over the same data; absent where nothing is durable. */
  readonly reopen?: () => Promise<MarketStore>
  readonly dispose: () => Promise<void>
}

export type MarketStoreFactory = () => Promise<MarketStoreUnderTest>
