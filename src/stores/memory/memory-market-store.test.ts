import { marketStoreContract } from '../market-store.contract.ts'
import { MemoryMarketStore } from './memory-market-store.ts'

marketStoreContract('memory', async () => {
  const store = new MemoryMarketStore()
  return { store, dispose: () => store.close() }
})
