import type { AlertKind, ALERT_KINDS as Kinds, SEVERITIES as Severities, Severity } from '../../../src/events/alert.ts'
import type { Interval, INTERVALS as Intervals } from '../../../src/events/interval.ts'

/* The address holds what is on screen, so that every view can be linked. The lists are checked against the events' types. */

export const INTERVALS: typeof Intervals = ['1m', '5m', '15m', '1h', '4h', '1d']
export const SEVERITIES: typeof Severities = ['LOW', 'MEDIUM', 'HIGH']
export const ALERT_KINDS: typeof Kinds = ['z-score', 'price-move', 'volume', 'stream-start', 'stream-stop']

export const RANGES = ['1h', '6h', '24h', '7d'] as const
export type Range = (typeof RANGES)[number]

export const SORT_KEYS = [
  'symbol',
  'last',
  'change',
  'changePercent',
  'bid',
  'ask',
  'spread',
  'volume',
  'vwap',
  'trend',
  'lastTrade',
  'alerts',
] as const
export type SortKey = (typeof SORT_KEYS)[number]

export interface MarketRoute {
  readonly page: 'market'
  readonly filter: string
  readonly sort: SortKey
  readonly isDescending: boolean
}

export interface SymbolRoute {
  readonly page: 'symbol'
  readonly symbol: string
  readonly interval: Interval
  readonly range: Range
}

export interface AlertsRoute {
  readonly page: 'alerts'
  readonly severity: Severity | undefined
  readonly kind: AlertKind | undefined
  readonly symbol: string | undefined
}

export interface UnknownRoute {
  readonly page: 'unknown'
  readonly path: string
}

export type Route = MarketRoute | SymbolRoute | AlertsRoute | UnknownRoute

export const MARKET: MarketRoute = { page: 'market', filter: '', sort: 'symbol', isDescending: false }
export const ALERTS: AlertsRoute = { page: 'alerts', severity: undefined, kind: undefined, symbol: undefined }

export function symbolRoute(symbol: string): SymbolRoute {
  return { page: 'symbol', symbol, interval: '1m', range: '6h' }
}

/** Parameters that are missing or not understood take their standard value. */
export function parseRoute(pathname: string, search: string): Route {
  const parameters = new URLSearchParams(search)
  const path = pathname.replace(/\/+$/, '')
  if (path === '') return marketRoute(parameters)
  if (path === '/alerts') return alertsRoute(parameters)
  const symbol = decodeSegment(/^\/symbol\/([^/]+)$/.exec(path)?.[1])
  if (symbol === undefined) return { page: 'unknown', path: pathname }
  const standard = symbolRoute(symbol)
  return {
    ...standard,
    interval: oneOf(INTERVALS, parameters.get('interval')) ?? standard.interval,
    range: oneOf(RANGES, parameters.get('range')) ?? standard.range,
  }
}

function marketRoute(parameters: URLSearchParams): MarketRoute {
  const text = parameters.get('sort') ?? ''
  const isDescending = text.startsWith('-')
  const sort = oneOf(SORT_KEYS, isDescending ? text.slice(1) : text)
  const filter = parameters.get('filter') ?? ''
  return sort === undefined ? { ...MARKET, filter } : { page: 'market', filter, sort, isDescending }
}

function alertsRoute(parameters: URLSearchParams): AlertsRoute {
  return {
    page: 'alerts',
    severity: oneOf(SEVERITIES, parameters.get('severity')?.toUpperCase()),
    kind: oneOf(ALERT_KINDS, parameters.get('kind')),
    symbol: parameters.get('symbol') ?? undefined,
  }
}

/** The address of a route; what has its standard value is left out. */
export function routeAddress(route: Route): string {
  switch (route.page) {
    case 'market': {
      const isStandardSort = route.sort === MARKET.sort && !route.isDescending
      const sort = isStandardSort ? undefined : (route.isDescending ? '-' : '') + route.sort
      return withSearch('/', { filter: route.filter || undefined, sort })
    }
    case 'symbol': {
      const standard = symbolRoute(route.symbol)
      return withSearch(`/symbol/${encodeURIComponent(route.symbol)}`, {
        interval: route.interval === standard.interval ? undefined : route.interval,
        range: route.range === standard.range ? undefined : route.range,
      })
    }
    case 'alerts':
      return withSearch('/alerts', { severity: route.severity, kind: route.kind, symbol: route.symbol })
    case 'unknown':
      return route.path
  }
}

function withSearch(path: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) search.set(name, value)
  return search.size === 0 ? path : `${path}?${search}`
}

function oneOf<T extends string>(values: readonly T[], text: string | null | undefined): T | undefined {
  return values.find((value) => value === text)
}

function decodeSegment(segment: string | undefined): string | undefined {
  if (segment === undefined) return undefined
  try {
    return decodeURIComponent(segment)
  } catch {
    // `%` followed by anything: no address that this page ever made.
    return undefined
  }
}
