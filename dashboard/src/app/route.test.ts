import { expect, it } from 'vitest'
import { ALERTS, MARKET, parseRoute, type Route, routeAddress, symbolRoute } from './route.ts'

function roundTrip(route: Route): Route {
  const [path = '', search = ''] = routeAddress(route).split('?')
  return parseRoute(path, search)
}

it('finds every view again from its address', () => {
  const routes: Route[] = [
    MARKET,
    { page: 'market', filter: 'a&b=c', sort: 'changePercent', isDescending: true },
    { page: 'market', filter: '', sort: 'symbol', isDescending: true },
    symbolRoute('AAPL'),
    { page: 'symbol', symbol: 'BTC/USDT:x%', interval: '4h', range: '7d' },
    ALERTS,
    { page: 'alerts', severity: 'HIGH', kind: 'price-move', symbol: 'BRK.B' },
  ]
  for (const route of routes) expect(roundTrip(route)).toEqual(route)
})

it('leaves standard values out of the address', () => {
  expect(routeAddress(MARKET)).toBe('/')
  expect(routeAddress(symbolRoute('V'))).toBe('/symbol/V')
  expect(routeAddress({ ...symbolRoute('V'), interval: '5m' })).toBe('/symbol/V?interval=5m')
})

it('takes the standard value for a parameter that is not understood', () => {
  expect(parseRoute('/symbol/V', '?interval=2m&range=now')).toEqual(symbolRoute('V'))
  expect(parseRoute('/', '?sort=--x')).toEqual(MARKET)
  expect(parseRoute('/alerts', '?severity=loud&kind=')).toEqual(ALERTS)
})

it('knows what is no page', () => {
  expect(parseRoute('/nothing', '')).toEqual({ page: 'unknown', path: '/nothing' })
  expect(parseRoute('/symbol/%E0%A4', '')).toEqual({ page: 'unknown', path: '/symbol/%E0%A4' })
})
