import { expect, it } from 'vitest'
import { batchOf, type TestTrade } from '../../../tests/support/trades.ts'
import { SimulatedClock } from '../../base/clock.ts'
import { silentLogger } from '../../base/logger.ts'
import { encodeTrades } from '../../events/batch-codec.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import { MemoryEventLog } from '../../log/memory/memory-event-log.ts'
import { MemoryMarketStore } from '../../stores/memory/memory-market-store.ts'
import { StoreRole } from './store-role.ts'

async function recovered() {
  const clock = new SimulatedClock(0)
  const log = new MemoryEventLog({ clock })
  const store = new MemoryMarketStore()
  const role = new StoreRole({ log, store, clock, logger: silentLogger, partitionCount: 1 })
  await role.recover()
  return { clock, log, store, role }
}

async function append(log: MemoryEventLog, ...trades: readonly TestTrade[]): Promise<void> {
  const batch = {
    recordCount: trades.length,
    payload: encodeTrades(batchOf(new InstrumentTable(), trades)),
    maxEventTimeUs: 0,
  }
  await log.commit({ appends: [{ topic: 'market.trades', partition: 0, batch }] })
}

async function storedPrices(store: MemoryMarketStore): Promise<string[]> {
  return (await store.trades({ symbol: 'ABC', limit: 100 })).rows.map(({ price }) => price)
}

it('a price keeps its value where a later batch of the same read brings more decimals', async () => {
  const { log, store, role } = await recovered()
  await append(log, { timeMs: 1, price: '1.5', quantity: '10' })
  await append(log, { timeMs: 2, price: '1.505', quantity: '0.25' })
  await role.step()
  expect((await storedPrices(store)).map(Number)).toEqual([1.505, 1.5])
})

it('begins anew with a log that has begun anew', async () => {
  const { log, store, role } = await recovered()
  await append(log, { timeMs: 1, price: '1', quantity: '1' })
  await role.step()
  await log.reset()
  await append(log, { timeMs: 2, price: '2', quantity: '1' })
  await role.step()
  expect(await storedPrices(store)).toEqual(['2'])
})

it('lets queries wait until the rows of an epoch that is over are gone', async () => {
  const { log, store, role } = await recovered()
  await append(log, { timeMs: 1, price: '1', quantity: '1' })
  await role.step()
  const read = async () => {
    await role.inEpoch()
    return storedPrices(store)
  }
  expect(await read()).toEqual(['1'])
  await log.reset()
  const answer = read()
  const { clear } = store
  store.clear = async (epoch) => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    await clear.call(store, epoch)
  }
  await role.step()
  expect(await answer).toEqual([])
})

it('goes on where the log begins anew between two reads of a step', async () => {
  const { clock, log, store, role } = await recovered()
  for (let n = 1; n <= 3; n++) await append(log, { timeMs: n, price: `${n}`, quantity: '1' })
  await role.step()
  const epoch = log.epoch.bind(log)
  log.epoch = async () => {
    const answer = await epoch()
    log.epoch = epoch
    await log.reset()
    await append(log, { timeMs: 9, price: '9', quantity: '1' })
    return answer
  }
  const abort = new AbortController()
  const running = role.run(abort.signal)
  await clock.advance(2000)
  abort.abort()
  await clock.advance(2000)
  await running
  expect(await storedPrices(store)).toEqual(['9'])
})

it('takes what is there already without pauses, however small its batches are', async () => {
  const { clock, log, store, role } = await recovered()
  for (let n = 0; n < 500; n++) await append(log, { timeMs: n, price: '1', quantity: '1' })
  const read = log.read.bind(log)
  log.read = (topic, partition, fromOffset) => read(topic, partition, fromOffset, 1)
  const abort = new AbortController()
  const running = role.run(abort.signal)
  await clock.advance(1)
  await expect.poll(async () => (await store.countsSince(0)).trades).toBe(500)
  expect(clock.nowUs()).toBe(1000)
  abort.abort()
  await clock.advance(2000)
  await running
})
