import { expect, it } from 'vitest'
import { batchOf } from '../../../tests/support/trades.ts'
import { SimulatedClock } from '../../base/clock.ts'
import { silentLogger } from '../../base/logger.ts'
import { encodeTrades } from '../../events/batch-codec.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import type { EventLog } from '../../log/event-log.ts'
import { MemoryEventLog } from '../../log/memory/memory-event-log.ts'
import { ProcessRole } from './process-role.ts'

const clock = new SimulatedClock(0)

it('a state saved while it derives again what the log has does not make the next restart write that twice', async () => {
  const log = new MemoryEventLog({ clock })
  await appendMinutes(log, 60)
  await recovered(log, 1e9).then((role) => role.drain())
  const candleCount = await endOf(log)
  expect(candleCount).toBeGreaterThan(60)

  // Derives from the beginning, and is gone after the first saved state.
  const interrupted = await recovered(diesAfterCommit(log), 0)
  await expect(interrupted.drain()).rejects.toThrow('gone')
  expect(await log.checkpoint('process/0/snapshot')).toBeDefined()

  await recovered(log, 1e9).then((role) => role.drain())
  expect(await endOf(log)).toBe(candleCount)
})

async function recovered(log: EventLog, snapshotEveryMs: number): Promise<ProcessRole> {
  const role = new ProcessRole({ log, clock, logger: silentLogger, partitionCount: 1, processing: {}, snapshotEveryMs })
  await role.recover()
  return role
}

/** Two reads of the role: each minute is a batch of its own, most of them large. */
async function appendMinutes(log: EventLog, count: number): Promise<void> {
  const instruments = new InstrumentTable()
  for (let minute = 0; minute < count; minute++) {
    const trades = Array.from({ length: 1000 }, (_, index) => ({
      timeMs: minute * 60_000 + index,
      price: `${100 + ((index * 7919) % 1000)}.25`,
      quantity: `${1 + ((index * 104_729) % 10_007)}`,
      id: minute * 1000 + index,
    }))
    const batch = { recordCount: 1000, payload: encodeTrades(batchOf(instruments, trades)), maxEventTimeUs: 0 }
    await log.commit({ appends: [{ topic: 'market.trades', partition: 0, batch }] })
  }
}

async function endOf(log: EventLog): Promise<number> {
  return (await log.bounds('market.candles', 0)).endOffset
}

/** A log whose process is killed right after its first commit. */
function diesAfterCommit(log: EventLog): EventLog {
  return new Proxy(log, {
    get(target, name) {
      if (name !== 'commit') {
        const value = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      }
      return async (commit: Parameters<EventLog['commit']>[0]) => {
        await target.commit(commit)
        throw new Error('gone')
      }
    },
  })
}

// Found by the simulation: a client that connects then would hold on to a candle that is final already.
it('just after a restart no candle is shown as open, as the log may have it as final', async () => {
  const log = new MemoryEventLog({ clock })
  await appendMinutes(log, 3)
  await recovered(log, 1e9).then((role) => role.drain())
  const role = await recovered(log, 1e9)
  expect(role.openCandles(undefined, '1m')).toEqual([])
  await role.drain()
  expect(role.openCandles(undefined, '1m').map(({ openTimeMs }) => openTimeMs)).toEqual([60_000, 120_000])
})
