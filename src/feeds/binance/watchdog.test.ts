import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { until } from '../streaming/testing/collected-feed.ts'
import { collectBinance } from './testing/collect-binance.ts'
import { FakeVenue } from './testing/fake-venue.ts'

/* Goal: a socket that brings nothing any more is replaced, whatever else it still does; a quiet one is not. */

const SYMBOLS = ['BTCUSDT', 'ETHUSDT']

function collect(venue: FakeVenue, silenceMaxMs: number) {
  return collectBinance({ market: 'spot', symbols: SYMBOLS, url: venue.url, limits: { silenceMaxMs } })
}

async function busy(venue: FakeVenue, silenceMaxMs = 600) {
  const collected = collect(venue, silenceMaxMs)
  await until(() => collected.feed.status().state === 'running', 'open sockets')
  for (let count = 0; count < 40; count++) {
    venue.trade(SYMBOLS[count % 2]!)
    await delay(2)
  }
  await until(() => collected.trades.length === 40, 'the first trades')
  return collected
}

describe('the watchdog', () => {
  it.each([
    ['pings, and answers none', false, 'silent for too long'],
    ['pings, and answers ours', true, 'brings nothing although there are trades'],
  ])('replaces a socket that brings no data while the venue %s', async (_, answersPings, reason) => {
    await using venue = await FakeVenue.start()
    await using collected = await busy(venue)
    // The watchdog does not need REST where nothing is answered.
    if (!answersPings) venue.refuseRequests.push(...Array.from({ length: 1000 }, () => ({ status: 503 })))
    const end = venue.withholdData(answersPings)
    const lastUs = Date.now() * 1000
    for (let count = 0; count < 20; count++) venue.trade(SYMBOLS[count % 2]!)
    const socket = () => collected.feed.status().sockets[0]!
    await until(() => socket().lastError === reason, 'the watchdog')
    // Nothing was promised of the time in which trades did not come.
    expect(Math.max(...collected.watermarksUs)).toBeLessThanOrEqual(lastUs)
    end()
    venue.refuseRequests.length = 0
    await until(() => collected.trades.length === 60, 'what was missed')
    for (const symbol of SYMBOLS) expect(collected.idsOf(symbol)).toEqual(venue.tradesOf(symbol).map((t) => t.firstId))
  })

  it.each([true, false])('leaves a quiet socket that answers our pings alone, busy before: %s', async (wasBusy) => {
    await using venue = await FakeVenue.start()
    const silenceMaxMs = 300
    await using collected = wasBusy ? await busy(venue, silenceMaxMs) : collect(venue, silenceMaxMs)
    await until(() => venue.clientCount === 1, 'the socket')
    const end = venue.withholdData(true)
    await delay(3 * silenceMaxMs)
    end()
    expect(collected.feed.status()).toMatchObject({ state: 'running', reconnects: 0, repairs: { missingCount: 0 } })
    expect(venue.attempts).toHaveLength(1)
    // It is asked for less and less often whether there are trades.
    expect(venue.requests.length).toBeLessThanOrEqual(6)
    expect(collected.watermarksUs.length).toBeGreaterThan(0)
  })
})
