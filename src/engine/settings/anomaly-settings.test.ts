import { describe, expect, it } from 'vitest'
import { SimulatedClock } from '../../base/clock.ts'
import { silentLogger } from '../../base/logger.ts'
import { checkConfig, type Settings } from '../config.ts'
import { createFeed } from '../create-feed.ts'
import { anomaliesOf } from './anomaly-settings.ts'

const START = '2026-01-05T00:00:00.000Z'

function feedOf(anomalies: unknown) {
  const feed = { type: 'simulator', symbols: ['AAPL', 'MSFT'], startTime: START, maxCount: 9000, anomalies }
  return checkConfig({ feed } as Settings, 'test').feed
}

function settingsOf(anomalies: unknown) {
  const feed = feedOf(anomalies)
  if (feed.type !== 'simulator') throw new Error('expected the simulator')
  return anomaliesOf(feed.anomalies)
}

describe('the settings of anomalies', () => {
  it('are none unless told', () => {
    expect(settingsOf(undefined)).toEqual({ ratesPerDay: {}, schedule: [], labelDelayMs: 0 })
  })

  it('become times and durations in ms', () => {
    const at = '2026-01-05T00:00:20Z'
    const schedule = [
      { kind: 'flash-crash', symbol: 'AAPL', after: '1m', magnitude: 9, duration: '90s' },
      { kind: 'stale-feed', symbol: 'MSFT', at },
    ]
    expect(settingsOf({ ratesPerDay: { 'wash-trades': 2 }, schedule, labelDelay: '30s' })).toEqual({
      ratesPerDay: { 'wash-trades': 2 },
      schedule: [
        { kind: 'flash-crash', symbol: 'AAPL', afterMs: 60_000, magnitude: 9, durationMs: 90_000 },
        { kind: 'stale-feed', symbol: 'MSFT', atMs: Date.parse(at) },
      ],
      labelDelayMs: 30_000,
    })
  })

  it('come to the feed: a scheduled stretch is labelled', async () => {
    const config = feedOf({ schedule: [{ kind: 'flash-crash', symbol: 'AAPL', after: '10s', duration: '20s' }] })
    const clock = new SimulatedClock(Date.parse(START) * 1000 + 3.6e9)
    const feed = await createFeed(config, { clock, logger: silentLogger, position: undefined })
    const labels = []
    for (let step = await feed.next(AbortSignal.timeout(5000)); step !== undefined; ) {
      labels.push(...(step.labels ?? []))
      step = await feed.next(AbortSignal.timeout(5000))
    }
    const fromMs = Date.parse(START) + 10_000
    expect(labels).toMatchObject([{ kind: 'flash-crash', symbol: 'AAPL', fromMs, toMs: fromMs + 20_000 }])
  })

  it.each<[unknown, string]>([
    [{ ratesPerDay: { 'flash-crsh': 1 } }, 'ratesPerDay.flash-crsh: no such setting, did you mean "flash-crash"?'],
    [{ ratesPerDay: { 'flash-crash': 97 } }, 'feed.anomalies.ratesPerDay.flash-crash'],
    [{ schedule: [{ kind: 'stale-feed', symbol: 'AAPL' }] }, 'expected either at or after'],
    [{ schedule: [{ kind: 'quake', symbol: 'AAPL', after: '1s' }] }, 'feed.anomalies.schedule.0.kind'],
    [{ labelDelay: 'soon' }, 'feed.anomalies.labelDelay'],
  ])('refuse %j', (anomalies, message) => {
    expect(() => feedOf(anomalies)).toThrow(message)
  })
})
