import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useMarketSummary, useStats } from '../rest/queries.ts'
import { generation, liveClient, marketEntries } from './live.ts'

/** Brings the server's 24-hour figures into the market's rows, every few seconds. Its own component: it renders often. */
export function MarketUpdates(): null {
  const { data } = useMarketSummary()
  useEffect(() => {
    if (data !== undefined) marketEntries.applyRows(data.data, Date.now())
  }, [data])
  useAfterBackfill()
  useAfterOutage()
  return null
}

/** The history is there at last: charts, symbols and alerts read before it was are read again. */
function useAfterBackfill(): void {
  const client = useQueryClient()
  const { data: stats } = useStats()
  // Made is not stored: REST knows all of it once the pipeline has left `starting`.
  const isRunning = stats?.status === 'starting' && stats.backfill !== null
  useEffect(() => {
    if (!isRunning) return
    return () => {
      generation.set(generation.get() + 1)
      void client.invalidateQueries()
    }
  }, [isRunning, client])
}

/** A server that answers again by REST is worth a live connection now, not at the end of the back-off. */
function useAfterOutage(): void {
  const isAway = useStats().isError
  useEffect(() => {
    if (!isAway) return
    return () => liveClient.retryNow()
  }, [isAway])
}
