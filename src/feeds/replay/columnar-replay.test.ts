import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { encodePayments, encodeQuotes, encodeTrades } from '../../events/batch-codec.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import { MarketLines } from '../../events/market-lines.ts'
import { PaymentBatch } from '../../events/payment-batch.ts'
import { QuoteBatch } from '../../events/quote-batch.ts'
import { TradeBatch } from '../../events/trade-batch.ts'
import { ConstantRate } from '../schedule.ts'
import { worldSymbolOf } from '../simulator/symbol-presets.ts'
import { MarketWorld } from '../simulator/world/market-world.ts'
import { InputDirectory, replay } from './replay-test-kit.ts'

const START_MINUTE = 29_453_760
const directory = new InputDirectory()
afterAll(() => directory.remove())

function framed(payload: Uint8Array): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt32LE(payload.length)
  return Buffer.concat([header, payload])
}

/** The same market as columnar batches and as lines. */
function market(batchCount: number): { columnar: Buffer; lines: Buffer } {
  const instruments = new InstrumentTable()
  const symbols = [worldSymbolOf('AAPL'), worldSymbolOf('BTCUSDT', 'crypto'), worldSymbolOf('DOGEUSDT', 'crypto')]
  const schedule = new ConstantRate(1000, START_MINUTE * 60e6)
  const options = { seed: 7, symbols, schedule, startMinute: START_MINUTE, firstIndex: 0 }
  const world = new MarketWorld(options, instruments)
  const lines = new MarketLines(instruments)
  const columnar: Buffer[] = []
  const text: Buffer[] = []
  for (let batch = 0; batch < batchCount; batch++) {
    const trades = new TradeBatch(instruments, 1000)
    const quotes = new QuoteBatch(instruments, 1000)
    world.fill(trades, quotes, world.index + 1000)
    columnar.push(framed(encodeTrades(trades)), framed(encodeQuotes(quotes)))
    text.push(Buffer.from(lines.ndjsonMerged(trades, quotes)))
  }
  return { columnar: Buffer.concat(columnar), lines: Buffer.concat(text) }
}

describe('a file of columnar batches', () => {
  const { columnar, lines } = market(12)

  it('gives the very rows of the same market as NDJSON, plain or compressed, in the same steps', async () => {
    const expected = await replay([directory.write(lines)])
    expect(expected.trades.length).toBe(12_000)
    for (const path of [directory.write(columnar, '.col'), directory.write(gzipSync(columnar), '.gz')]) {
      const actual = await replay([path])
      expect(actual.errors).toEqual([])
      expect(actual.steps).toEqual(expected.steps)
      expect(actual.counts).toEqual(expected.counts)
    }
  })

  it('goes on at every position, with no row lost and none twice', async () => {
    const path = directory.write(columnar)
    const whole = await replay([path], { batchMaxCount: 1700 })
    for (const [step, startAt] of whole.positions.entries()) {
      const rest = await replay([path], { batchMaxCount: 1700, startAt })
      expect(rest.steps, `after step ${step}`).toEqual(whole.steps.slice(step + 1))
      expect(rest.counts).toEqual(whole.counts)
    }
  })

  it('is read as far as it goes where it was cut off', async () => {
    for (const [cut, count] of [
      [1, 12_000],
      [30_000, 9000],
    ] as const) {
      const length = columnar.length - cut
      const { errors, trades } = await replay([directory.write(columnar.subarray(0, length))])
      expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('is cut short after record')])
      expect(trades.length).toBeGreaterThanOrEqual(count)
    }
  })

  it('is refused from where its bytes are no batch', async () => {
    const damaged = Buffer.from(columnar)
    damaged.fill(0xff, 16, 60)
    const { errors } = await replay([directory.write(damaged)], { format: 'columnar' })
    expect(errors[0]).toMatchObject({ code: 'input-unreadable', message: expect.stringContaining('is damaged') })
    const long = Buffer.from(columnar)
    long.writeUInt32LE(0xffff_ffff)
    expect((await replay([directory.write(long)])).errors[0]?.message).toContain('has a batch of 4294967295 bytes')
  })

  it('has its odd rows refused one by one', async () => {
    const instruments = new InstrumentTable()
    const batch = new TradeBatch(instruments, 5)
    batch.instrument.fill(instruments.register('sim', 'AAPL', 2, 0))
    batch.priceLow.set([0, 100, 100, 100, 100])
    batch.quantityLow.set([1, 0, 1, 1, 1])
    batch.eventTimeUs.set([1e15, 1e15, -1, 1e15, 1e15])
    batch.receivedTimeUs.set([1e15, 1e15, 1e15, 1e15, 1e15])
    batch.id.set([1, 2, 3, -7, 5])
    batch.tradeCount.fill(1)
    batch.count = 5
    const { trades, counts } = await replay([directory.write(framed(encodeTrades(batch)))])
    expect(trades.map(({ id }) => id)).toEqual([5])
    expect(counts.badByReason).toEqual({
      'invalid-price': 1,
      'invalid-quantity': 1,
      'invalid-time': 1,
      'invalid-id': 1,
    })
  })

  it('has payments and unwanted symbols passed over', async () => {
    const payments = new PaymentBatch(3)
    payments.count = 3
    const file = directory.write(Buffer.concat([columnar, framed(encodePayments(payments))]))
    const { trades, counts } = await replay([file], { symbols: ['AAPL'] })
    expect(new Set(trades.map(({ symbol }) => symbol))).toEqual(new Set(['AAPL']))
    expect(counts.passedOverByKind.payment).toBe(3)
    expect(counts.passedOverByKind['symbol not asked for']).toBeGreaterThan(1000)
  })
})
