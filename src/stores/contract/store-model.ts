import fc from 'fast-check'
import { expect } from 'vitest'
import type { Alert } from '../../events/alert.ts'
import type { Candle } from '../../events/candle.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import type { Trade } from '../../events/trade.ts'
import type { MarketStore } from '../market-store.ts'
import type { MarketStoreUnderTest } from './market-store-under-test.ts'
import {
  alert,
  allAlerts,
  allCandles,
  allTrades,
  candle,
  KEEP_ALL,
  MINUTE_MS,
  START_MS,
  trade,
  tradeBatch,
  writeOf,
} from './samples.ts'

const SYMBOLS = ['A', 'B']

interface WriteCommand {
  readonly type: 'write'
  readonly trades: readonly Trade[]
  readonly candles: readonly Candle[]
  readonly alerts: readonly Alert[]
}

type Command =
  | WriteCommand
  | { readonly type: 'retain'; readonly beforeMs: number; readonly maxCount: number }
  | { readonly type: 'reopen' }

const instrument = fc.record({ venue: fc.constantFrom('x', 'y'), symbol: fc.constantFrom(...SYMBOLS) })
const decimalText = (whole: bigint, decimals: number) =>
  fc
    .tuple(fc.bigInt(0n, whole), fc.integer({ min: 0, max: decimals }), fc.bigInt(0n, 10n ** BigInt(decimals) - 1n))
    .map(([integer, places, fraction]) => {
      const digits = fraction.toString().padStart(decimals, '0').slice(0, places)
      return places === 0 ? integer.toString() : `${integer}.${digits}`
    })

const tradeArbitrary = fc
  .tuple(instrument, decimalText(10n ** 15n, 8), decimalText(10n ** 12n, 8), fc.integer({ min: 0, max: 5000 }))
  .map(([of, price, quantity, offset]) => trade({ ...of, price, quantity, eventTimeMs: START_MS + offset / 1000 }))

const candleArbitrary = fc
  .tuple(instrument, fc.nat(4), fc.nat(3), decimalText(10n ** 12n, 8), decimalText(10n ** 24n, 12), fc.boolean())
  .map(([of, minute, revision, close, quoteVolume, isFinal]) =>
    candle({ ...of, openTimeMs: START_MS + minute * MINUTE_MS, revision, close, quoteVolume, isFinal }),
  )

const alertArbitrary = fc
  .tuple(fc.nat(12), fc.constantFrom(...SYMBOLS))
  .map(([number, symbol]) => alert({ id: `alert-${number}`, symbol, eventTimeMs: START_MS + (number % 4) }))

const commandArbitrary: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('write' as const),
      trades: fc.array(tradeArbitrary, { maxLength: 12 }),
      candles: fc.array(candleArbitrary, { maxLength: 6 }),
      alerts: fc.array(alertArbitrary, { maxLength: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('retain' as const),
      beforeMs: fc.nat(5).map((offset) => START_MS + offset),
      maxCount: fc.nat(20),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'reopen' as const }) },
)

export const commandsArbitrary = fc.array(commandArbitrary, { minLength: 1, maxLength: 8 })

/** The plain definition: lists in order of arrival. */
class Model {
  trades: Trade[] = []
  alerts: Alert[] = []
  readonly candles = new Map<string, Candle>()
  writeCount = 0

  write(command: WriteCommand): void {
    this.writeCount += 1
    this.trades.push(...command.trades)
    for (const row of command.alerts) if (!this.alerts.some(({ id }) => id === row.id)) this.alerts.push(row)
    for (const row of command.candles) {
      if (row.isFinal) this.candles.set(`${row.venue} ${row.symbol} ${row.openTimeMs} ${row.revision}`, row)
    }
  }

  retain(beforeMs: number, maxCount: number): number {
    const kept = this.trades.filter(({ eventTimeMs }) => eventTimeMs >= beforeMs)
    const dropped = this.trades.length - Math.min(kept.length, maxCount)
    this.trades = kept.slice(Math.max(0, kept.length - maxCount))
    return dropped
  }

  currentCandles(symbol: string): Candle[] {
    const ofSymbol = [...this.candles.values()].filter((row) => row.symbol === symbol)
    return ofSymbol.filter(
      (row) =>
        !ofSymbol.some(
          (other) => other.venue === row.venue && other.openTimeMs === row.openTimeMs && other.revision > row.revision,
        ),
    )
  }
}

/** Runs the commands on a fresh store and on the model, and compares everything that can be read. */
export async function checkAgainstModel(subject: MarketStoreUnderTest, commands: readonly Command[]): Promise<void> {
  const model = new Model()
  const instruments = new InstrumentTable()
  let store = subject.store
  await store.clear(writeOf({}).epoch)
  for (const command of commands) {
    if (command.type === 'write') {
      model.write(command)
      const positions = [{ topic: 'market.trades', partition: 0, nextOffset: model.writeCount }] as const
      const trades = [tradeBatch(command.trades, instruments)]
      await store.write(writeOf({ ...command, trades, positions }))
    } else if (command.type === 'retain') {
      const retention = { ...KEEP_ALL, tradesBeforeUs: command.beforeMs * 1000, tradesMaxCount: command.maxCount }
      expect(await store.retain(retention)).toBe(model.retain(command.beforeMs, command.maxCount))
    } else if (subject.reopen !== undefined) {
      store = await subject.reopen()
    }
  }
  await compare(store, model)
}

async function compare(store: MarketStore, model: Model): Promise<void> {
  const { positions } = await store.source()
  expect(positions.map(({ nextOffset }) => nextOffset)).toEqual(model.writeCount === 0 ? [] : [model.writeCount])
  for (const symbol of SYMBOLS) {
    const expected = newestFirst(model.trades.filter((row) => row.symbol === symbol))
    expect((await allTrades(store, symbol, 3)).map(ofValue)).toEqual(expected.map(ofValue))
    const candles = await allCandles(store, symbol, 2)
    expect(candles.toSorted(byKey)).toEqual(model.currentCandles(symbol).toSorted(byKey))
    expect(candles.map(({ openTimeMs }) => openTimeMs)).toEqual(
      candles.map((c) => c.openTimeMs).toSorted((a, b) => b - a),
    )
  }
  expect(await allAlerts(store, 3)).toEqual(newestFirst(model.alerts))
  const count = SYMBOLS.reduce((sum, symbol) => sum + model.currentCandles(symbol).length, 0)
  expect(await store.countsSince(0)).toEqual({
    trades: model.trades.length,
    quotes: 0,
    candles: count,
    alerts: model.alerts.length,
  })
}

function newestFirst<T extends { readonly eventTimeMs: number }>(rows: readonly T[]): T[] {
  return rows.toReversed().toSorted((a, b) => b.eventTimeMs - a.eventTimeMs)
}

function byKey(a: Candle, b: Candle): number {
  return a.openTimeMs - b.openTimeMs || a.venue.localeCompare(b.venue)
}

/** A trade by its values: the same number may be printed with more decimals after the instrument got them. */
function ofValue(row: Trade): object {
  return { ...row, price: withoutPadding(row.price), quantity: withoutPadding(row.quantity) }
}

function withoutPadding(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal
}
