import { describe, expect, it } from 'vitest'
import { InstrumentTable } from '../../../events/instrument.ts'
import { QuoteBatch } from '../../../events/quote-batch.ts'
import { TradeBatch } from '../../../events/trade-batch.ts'
import { dayAfter } from '../../calendar/new-york-time.ts'
import { NyseCalendar, type Session } from '../../calendar/nyse-calendar.ts'
import { SessionTable } from '../../calendar/session-table.ts'
import { ConstantRate } from '../../schedule.ts'
import { worldSymbolOf } from '../symbol-presets.ts'
import { CRYPTO_PROFILE, EQUITY_PROFILE, type MarketProfile } from './market-profile.ts'
import { MarketWorld } from './market-world.ts'
import { MINUTE_US, MinutePath } from './minute-path.ts'
import { sessionVariance } from './return-variance.ts'
import { SessionSchedule } from './session-schedule.ts'
import { HALF_HOUR_VOLUMES, logActivity, SESSION_MINUTES } from './session-shape.ts'

const START_US = Date.UTC(2025, 0, 1) * 1000
const START_MINUTE = START_US / MINUTE_US
const CALENDAR = new NyseCalendar()

function sessionsUpTo(end: string): Session[] {
  const sessions: Session[] = []
  for (let day = '2025-01-01'; day < end; day = dayAfter(day)) {
    const session = CALENDAR.sessionOn(day)
    if (session !== undefined) sessions.push(session)
  }
  return sessions
}

const symbol = (name: string, profile: MarketProfile) => ({ symbol: name, price: 100, profile })

/** Log returns of each symbol from open to close, and from close to next open. */
function returnsOf(profile: MarketProfile, names: readonly string[], sessions: readonly Session[], seed = 3) {
  const table = new SessionTable(CALENDAR, START_US)
  const path = new MinutePath(
    seed,
    names.map((name) => symbol(name, profile)),
    START_MINUTE,
    table,
  )
  const day: number[] = []
  const night: number[] = []
  let closes: Float64Array | undefined
  for (const { openUs, closeUs } of sessions) {
    path.advanceTo(openUs / MINUTE_US)
    const opens = path.openLogPrice.slice()
    path.advanceTo(closeUs / MINUTE_US - 1)
    const now = path.closeLogPrice.slice()
    day.push(...now.map((close, index) => close - opens[index]!))
    if (closes !== undefined) night.push(...opens.map((open, index) => open - closes![index]!))
    closes = now
  }
  return { day, night }
}

const deviation = (values: readonly number[]) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length)
const NAMES = Array.from({ length: 12 }, (_, index) => `S${index}`)
/** Volatility and shocks without extremes, so that a few years show the deviations that the parameters say. */
const CALM: MarketProfile = {
  ...EQUITY_PROFILE,
  volatility: [{ relaxationMinutes: 1000, deviation: 0.2 }],
  shockFreedom: 30,
  marketCorrelation: 0,
}

describe('the simulated market in sessions', () => {
  it('has no event outside of them over two years, and in each as many as its length has at the rate', () => {
    const ratePerSecond = 0.02
    const table = new SessionTable(CALENDAR, START_US)
    const schedule = new SessionSchedule(new ConstantRate(ratePerSecond, START_US), table, START_US)
    const instruments = new InstrumentTable()
    const symbols = [worldSymbolOf('AAPL', 'equity', {}, 'nyse'), worldSymbolOf('JPM', 'equity', {}, 'nyse')]
    const options = { seed: 1, symbols, schedule, sessions: table, startMinute: START_MINUTE, firstIndex: 0 }
    const world = new MarketWorld(options, instruments)
    const times: number[] = []
    const trades = new TradeBatch(instruments, 8192)
    const quotes = new QuoteBatch(instruments, 8192)
    const sessions = sessionsUpTo('2027-01-01')
    const endIndex = schedule.countBefore(sessions.at(-1)!.closeUs)
    while (world.index < endIndex) {
      trades.count = 0
      quotes.count = 0
      world.fill(trades, quotes, endIndex)
      for (let row = 0; row < trades.count; row++) times.push(trades.eventTimeUs[row]!)
    }
    let at = 0
    for (const { day, openUs, closeUs } of sessions) {
      const first = at
      while (at < times.length && times[at]! >= openUs && times[at]! < closeUs) at += 1
      expect(Math.abs(at - first - ((closeUs - openUs) / 1e6) * ratePerSecond), day).toBeLessThan(1)
    }
    expect(at).toBe(times.length)
  })
})

describe('the path of prices in sessions', () => {
  it('moves over night once, as far as the profile says, and over a session as far as its minutes make', () => {
    const { day, night } = returnsOf(CALM, NAMES, sessionsUpTo('2026-01-01'))
    const expectedDay = CALM.minuteDeviationBp * 1e-4 * Math.sqrt(sessionVariance(CALM))
    expect(deviation(day) / expectedDay).toBeGreaterThan(0.93)
    expect(deviation(day) / expectedDay).toBeLessThan(1.07)
    expect(deviation(night) / (CALM.overnightDeviation * expectedDay)).toBeGreaterThan(0.93)
    expect(deviation(night) / (CALM.overnightDeviation * expectedDay)).toBeLessThan(1.07)
    const still = returnsOf({ ...CALM, overnightDeviation: 0 }, NAMES, sessionsUpTo('2025-03-01'))
    expect(deviation(still.night)).toBe(0)
  })

  it('has in a year the volatility that is wanted of it', () => {
    const sessions = sessionsUpTo('2026-01-01')
    const { profile } = worldSymbolOf(
      'X',
      'equity',
      { ...CALM, minuteDeviationBp: undefined, annualVolatility: 0.4 },
      'nyse',
    )
    const { day, night } = returnsOf(profile, NAMES, sessions)
    const yearly = Math.sqrt(252 * (deviation(day) ** 2 + deviation(night) ** 2))
    expect(Math.abs(yearly / 0.4 - 1)).toBeLessThan(0.06)
  })

  it('walks the same path in one go and in pieces', () => {
    const walk = (stops: readonly number[]) => {
      const table = new SessionTable(CALENDAR, START_US)
      const path = new MinutePath(5, [symbol('A', EQUITY_PROFILE), symbol('B', EQUITY_PROFILE)], START_MINUTE, table)
      for (const stop of stops) path.advanceTo(stop)
      return [path.minute, ...path.closeLogPrice, ...path.volume]
    }
    const end = START_MINUTE + 20_000
    const pieces = Array.from({ length: 200 }, (_, index) => START_MINUTE + (index + 1) * 100)
    expect(walk(pieces)).toEqual(walk([end]))
  })
})

describe('the volume of a session', () => {
  it('is most when it opens and closes, as was measured', () => {
    const table = new SessionTable(CALENDAR, START_US)
    const path = new MinutePath(
      3,
      NAMES.map((name) => symbol(name, EQUITY_PROFILE)),
      START_MINUTE,
      table,
    )
    const volumes = new Array<number>(13).fill(0)
    for (const { openUs, closeUs } of sessionsUpTo('2025-06-01')) {
      for (let timeUs = openUs; timeUs < closeUs; timeUs += MINUTE_US) {
        path.advanceTo(timeUs / MINUTE_US)
        const halfHour = Math.floor((timeUs - openUs) / (30 * MINUTE_US))
        volumes[halfHour]! += path.volume.reduce((sum, volume) => sum + volume, 0)
      }
    }
    const mean = volumes.reduce((sum, volume) => sum + volume, 0) / 13
    const measured = HALF_HOUR_VOLUMES.reduce((sum, volume) => sum + volume, 0) / 13
    volumes.forEach((volume, halfHour) => {
      expect(Math.abs(Math.log(volume / mean / (HALF_HOUR_VOLUMES[halfHour]! / measured))), `${halfHour}`).toBeLessThan(
        0.25,
      )
    })
  })

  it('begins and ends on a short day as on a long one', () => {
    const short = 210
    expect(logActivity(0, short)).toBe(logActivity(0, SESSION_MINUTES))
    expect(logActivity(short - 1, short)).toBe(logActivity(SESSION_MINUTES - 1, SESSION_MINUTES))
  })
})

describe('a profile of its own', () => {
  it('leaves the minutes of other symbols alone, whatever is different in it', () => {
    const closesOf = (profile: MarketProfile) => {
      const table = new SessionTable(CALENDAR, START_US)
      const path = new MinutePath(5, [symbol('A', EQUITY_PROFILE), symbol('B', profile)], START_MINUTE, table)
      path.advanceTo(START_MINUTE + 10_000)
      return path.closeLogPrice
    }
    const [a, b] = closesOf(EQUITY_PROFILE)
    const [sameA, otherB] = closesOf({ ...CALM, overnightDeviation: 2, jumpsPerDay: 50, marketCorrelation: -1 })
    expect(sameA).toBe(a)
    expect(otherB).not.toBe(b)
  })
})

describe('a geometric Brownian motion', () => {
  const minuteReturns = (hours: 'always' | 'nyse') => {
    const { profile } = worldSymbolOf('X', 'equity', { process: 'brownian', annualVolatility: 0.4 }, hours)
    const path = new MinutePath(2, [symbol('X', profile)], START_MINUTE)
    return Array.from({ length: 100_000 }, (_, minute) => {
      path.advanceTo(START_MINUTE + minute)
      return path.closeLogPrice[0]! - path.openLogPrice[0]!
    })
  }

  it('has normal returns of one volatility, which is that of the year', () => {
    const returns = minuteReturns('always')
    const sigma = deviation(returns)
    expect(Math.abs((sigma * Math.sqrt(365 * 1440)) / 0.4 - 1)).toBeLessThan(0.01)
    const kurtosis = returns.reduce((sum, value) => sum + (value / sigma) ** 4, 0) / returns.length
    expect(Math.abs(kurtosis - 3)).toBeLessThan(0.1)
    const absolute = returns.map((value) => Math.abs(value) / sigma - Math.sqrt(2 / Math.PI))
    const next = absolute.slice(1).reduce((sum, value, index) => sum + value * absolute[index]!, 0) / returns.length
    expect(Math.abs(next)).toBeLessThan(0.01)
  })

  it('has in sessions and nights together the volatility of the year too', () => {
    const sigma = deviation(minuteReturns('nyse'))
    const { overnightDeviation } = EQUITY_PROFILE
    expect(Math.abs((sigma * Math.sqrt(252 * 390 * (1 + overnightDeviation ** 2))) / 0.4 - 1)).toBeLessThan(0.01)
  })
})

describe('a wild profile', () => {
  it('leaves prices within their range', () => {
    const wild = { ...CRYPTO_PROFILE, minuteDeviationBp: 500, shockFreedom: 2.1, jumpsPerDay: 100, jumpDeviation: 50 }
    const table = new SessionTable(CALENDAR, START_US)
    const path = new MinutePath(1, [symbol('A', { ...wild, overnightDeviation: 5 })], START_MINUTE, table)
    for (const { closeUs } of sessionsUpTo('2025-03-01')) {
      path.advanceTo(closeUs / MINUTE_US - 1)
      expect(Math.abs(path.closeLogPrice[0]! - Math.log(100))).toBeLessThanOrEqual(6.0001)
    }
  })
})

describe('the path of prices around the clock', () => {
  it('has in a year the volatility that is wanted of it', () => {
    const { profile } = worldSymbolOf('X', 'equity', { ...CALM, minuteDeviationBp: undefined, annualVolatility: 0.4 })
    const symbols = NAMES.map((name) => symbol(name, profile))
    const path = new MinutePath(3, symbols, START_MINUTE)
    const dayCount = 365
    let squares = 0
    for (let minute = 0; minute < dayCount * 1440; minute++) {
      path.advanceTo(START_MINUTE + minute)
      for (let index = 0; index < symbols.length; index++) {
        squares += (path.closeLogPrice[index]! - path.openLogPrice[index]!) ** 2
      }
    }
    expect(Math.abs(Math.sqrt(squares / symbols.length) / 0.4 - 1)).toBeLessThan(0.06)
  })
})
