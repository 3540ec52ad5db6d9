import { type Channel, FRAME_INTERVAL_MS, type SymbolFilter } from '../../protocol/live.ts'
import { parameterInvalid } from '../rest/problem.ts'

const FRAME_INTERVAL_MAX_MS = 1000

/** What the URL of a connection asks for. */
export interface LivePath {
  /** 0: at once, after each commit. */
  readonly frameIntervalMs: number
  /** What it is subscribed to from the start, by a path that names a channel. */
  readonly subscription: { readonly channel: Channel; readonly symbols: SymbolFilter } | undefined
}

/** Whether a connection to this URL is for the live server at all. */
export function isLivePath(url: string): boolean {
  return /^\/ws(\/|\?|$)/.test(url)
}

/**
 * `/ws`, `/ws/quotes/{symbol}`, `/ws/trades/{symbol}`, `/ws/alerts`, each with `?frameIntervalMs=`.
 * @throws FinPulseError request-invalid for any other path or parameter
 */
export function parseLivePath(url: string): LivePath {
  const { pathname, searchParams } = new URL(url, 'ws://localhost')
  for (const name of searchParams.keys()) {
    if (name !== 'frameIntervalMs') throw parameterInvalid(name, searchParams.get(name), 'only frameIntervalMs')
  }
  return {
    frameIntervalMs: frameIntervalFrom(searchParams.get('frameIntervalMs')),
    subscription: subscriptionFrom(pathname),
  }
}

function frameIntervalFrom(text: string | null): number {
  if (text === null) return FRAME_INTERVAL_MS
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
  if (value <= FRAME_INTERVAL_MAX_MS) return value
  throw parameterInvalid('frameIntervalMs', text, `a whole number from 0 to ${FRAME_INTERVAL_MAX_MS}`)
}

function subscriptionFrom(pathname: string): LivePath['subscription'] {
  if (/^\/ws\/?$/.test(pathname)) return undefined
  if (pathname === '/ws/alerts') return { channel: 'alerts', symbols: '*' }
  const match = /^\/ws\/(quotes|trades)\/([^/]{1,256})$/.exec(pathname)
  const symbol = decoded(match?.[2] ?? '')
  if (match === null || symbol === undefined) {
    throw parameterInvalid('path', pathname, '/ws, /ws/quotes/{symbol}, /ws/trades/{symbol} or /ws/alerts')
  }
  return { channel: match[1] === 'quotes' ? 'quotes' : 'trades', symbols: [symbol] }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    // A broken escape sequence is no symbol; the caller says so.
    return undefined
  }
}
