import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import type { Trade } from '../../../src/events/trade.ts'
import type {
  AlertsResponse,
  MarketSummaryResponse,
  Stats,
  SymbolRow,
  TradesResponse,
} from '../../../src/protocol/rest.ts'
import type { AlertFilter } from '../alerts/newest-alerts.ts'
import { apiPath, fetchJson } from './fetch-json.ts'

const SUMMARY_INTERVAL_MS = 3000
const AWAITED_INTERVAL_MS = 500
const STATS_INTERVAL_MS = 2000
const ALERTS_INTERVAL_MS = 20_000
const BACKFILL_INTERVAL_MS = 400
/** Alerts of one request; the server's limit is 1000. */
export const ALERTS_PAGE_COUNT = 100

export function useStats() {
  return useQuery({
    queryKey: ['stats'],
    queryFn: ({ signal }) => fetchJson<Stats>(apiPath('stats'), { signal }),
    refetchInterval: (query) => (query.state.data?.status === 'starting' ? BACKFILL_INTERVAL_MS : STATS_INTERVAL_MS),
    staleTime: 300,
  })
}

export function useMarketSummary() {
  return useQuery({
    queryKey: ['market-summary'],
    queryFn: ({ signal }) => fetchJson<MarketSummaryResponse>(apiPath('market-summary'), { signal }),
    refetchInterval: SUMMARY_INTERVAL_MS,
  })
}

/** @param awaited a symbol that is to be in the answer, in any letters: as long as it is not, it is asked for again */
export function useSymbols(awaited?: string) {
  return useQuery({
    queryKey: ['symbols'],
    queryFn: ({ signal }) => fetchJson<{ data: SymbolRow[] }>(apiPath('symbols'), { signal }),
    staleTime: 30_000,
    refetchInterval: ({ state: { data } }) =>
      awaited === undefined || data === undefined || findSymbol(data.data, awaited) !== undefined
        ? false
        : AWAITED_INTERVAL_MS,
  })
}

/** As written, or else in other letters: people type addresses in lower case. */
export function findSymbol(symbols: readonly SymbolRow[], text: string): SymbolRow | undefined {
  const wanted = text.toUpperCase()
  return symbols.find((row) => row.symbol === text) ?? symbols.find((row) => row.symbol.toUpperCase() === wanted)
}

/** Newest first. */
export function useRecentTrades(symbol: string, limit: number) {
  return useQuery({
    queryKey: ['trades', symbol, limit],
    queryFn: async ({ signal }): Promise<readonly Trade[]> => {
      const path = apiPath(`trades/${encodeURIComponent(symbol)}`, { limit })
      return (await fetchJson<TradesResponse>(path, { signal })).data as readonly Trade[]
    },
    staleTime: Number.POSITIVE_INFINITY,
    meta: { symbol },
  })
}

/** Pages of alerts, newest first. */
export function useAlertPages(filter: AlertFilter, pageCount: number) {
  return useInfiniteQuery({
    queryKey: ['alerts', filter.severity, filter.kind, filter.symbol, pageCount],
    queryFn: ({ pageParam, signal }) => {
      const parameters = { ...filter, limit: pageCount, cursor: pageParam }
      return fetchJson<AlertsResponse>(apiPath('alerts', parameters), { signal })
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    // The live feed keeps the newest only: read again, no hole grows between it and what was read.
    refetchInterval: ALERTS_INTERVAL_MS,
    staleTime: ALERTS_INTERVAL_MS / 2,
    placeholderData: keepPreviousData,
    meta: { symbol: filter.symbol },
  })
}
