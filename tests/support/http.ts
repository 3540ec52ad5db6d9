import type { MarketSummaryResponse, ReplayState, Stats } from '../../src/protocol/rest.ts'
import { poll } from './poll.ts'

const LIMIT_MS = 20_000

export interface JsonAnswer<T> {
  readonly status: number
  readonly body: T
}

export async function getJson<T = unknown>(url: string, init: RequestInit = {}): Promise<JsonAnswer<T>> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(LIMIT_MS) })
  return { status: answer.status, body: (await answer.json()) as T }
}

export function postJson<T = unknown>(url: string, body?: unknown): Promise<JsonAnswer<T>> {
  const content =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  return getJson<T>(url, { method: 'POST', ...content })
}

export async function statsOf(url: string): Promise<Stats> {
  return (await getJson<Stats>(`${url}/api/v1/stats`)).body
}

/** The engine's figures are as old as this at most. */
const FIGURES_AGE_MS = 700

/** Waits until the feed has ended, or caught up, and every role has read all. */
export async function untilSettled(url: string, limitMs = 60_000): Promise<Stats> {
  let eventsBefore = -1
  let stillSinceMs = 0
  return poll(
    `${url} to settle`,
    async () => {
      const stats = await statsOf(url)
      const isRead = Object.values(stats.lag).every((lag) => lag === 0)
      const isStill = stats.eventsTotal === eventsBefore && isRead && (await hasEnded(url, stats))
      eventsBefore = stats.eventsTotal
      if (!isStill) stillSinceMs = performance.now()
      return performance.now() - stillSinceMs > FIGURES_AGE_MS ? stats : undefined
    },
    limitMs,
  )
}

async function hasEnded(url: string, stats: Stats): Promise<boolean> {
  if (stats.feed !== 'replay') return stats.backfill?.isDone === true
  return (await getJson<ReplayState>(`${url}/api/v1/replay`)).body.status === 'finished'
}

/** Waits until the store has trades that were made after the back-fill. */
export async function untilTrading(url: string, limitMs = 30_000): Promise<Stats> {
  return poll(
    `live trades of ${url}`,
    async () => {
      const stats = await statsOf(url)
      const { data } = (await getJson<MarketSummaryResponse>(`${url}/api/v1/market-summary`)).body
      const newestMs = Math.max(0, ...data.map(({ lastTradeTimeMs }) => lastTradeTimeMs))
      const isLive = stats.backfill?.isDone === true && newestMs > stats.backfill.toMs && stats.lag.store === 0
      return stats.status === 'running' && isLive ? stats : undefined
    },
    limitMs,
  )
}
