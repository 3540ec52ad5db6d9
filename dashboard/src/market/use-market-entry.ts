import { useCallback, useEffect, useSyncExternalStore } from 'react'
import { liveClient, marketEntries } from '../app/live.ts'
import type { MarketEntry } from './market-entry.ts'

/** One figure of a symbol; renders again only when that figure changes. `select` gives a value that `===` can tell. */
export function useMarketFigure<T extends string | number | null | undefined | readonly number[]>(
  symbol: string,
  select: (entry: MarketEntry) => T,
): T | undefined {
  const subscribe = useCallback((listener: () => void) => marketEntries.store.subscribe(symbol, listener), [symbol])
  return useSyncExternalStore(subscribe, () => {
    const entry = marketEntries.store.get(symbol)
    return entry === undefined ? undefined : select(entry)
  })
}

/** Keeps the symbol's price and quote live while the caller is on screen. */
export function useLivePrices(symbol: string): void {
  useEffect(() => {
    const releases = [liveClient.subscribe('quotes', [symbol]), liveClient.subscribe('candles:1m', [symbol])]
    return () => {
      for (const release of releases) release()
    }
  }, [symbol])
}
