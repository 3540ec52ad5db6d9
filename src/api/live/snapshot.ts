import type { Alert } from '../../events/alert.ts'
import { INTERVALS, type Interval } from '../../events/interval.ts'
import type { Trade } from '../../events/trade.ts'
import type { Channel, SymbolFilter } from '../../protocol/live.ts'
import type { MarketData } from '../market-data.ts'
import type { ChangeRing } from './change-ring.ts'
import type { LiveHub } from './live-hub.ts'

/** Most trades per symbol, and alerts in all, that a snapshot begins with. */
const SNAPSHOT_TRADES_COUNT = 50
const SNAPSHOT_ALERTS_COUNT = 50
/** Most symbols whose trades are asked of the store for one snapshot: a reader of the whole market begins with now. */
const SNAPSHOT_SYMBOLS_MAX_COUNT = 100

/** What was read for a snapshot, before the live changes of the meantime are put to it. */
export interface SnapshotRows {
  /** JSON texts, oldest first, by symbol. */
  readonly textsBySymbol: ReadonlyMap<string, readonly string[]>
}

/**
 * Reads where a new subscription begins: the newest rows of each symbol. Takes a moment where the store is asked, so
 * the hub must watch the symbols before; `snapshotText` then adds what came since.
 */
export async function readSnapshot(data: MarketData, channel: Channel, symbols: SymbolFilter): Promise<SnapshotRows> {
  if (channel === 'quotes') return rowsBySymbol(await readQuotes(data, symbols))
  if (channel === 'trades') return rowsBySymbol(await readTrades(data, symbols))
  if (channel === 'alerts') return rowsBySymbol(await readAlerts(data, symbols))
  return rowsBySymbol(await readCandles(data, intervalOf(channel), symbols))
}

/** The rows read and the changes after `since`, each once, joined by commas. */
export function snapshotText(
  hub: LiveHub,
  channel: Channel,
  symbols: SymbolFilter,
  rows: SnapshotRows,
  since: number,
): string {
  const live = hub.channel(channel)
  if (channel === 'quotes') return quoteTexts(hub, symbols, rows).join(',')
  const recent = recentRows(hub, channel, symbols, rows)
  const names =
    symbols === '*' ? new Set([...rows.textsBySymbol.keys(), ...recent.symbols, ...live.symbols()]) : symbols
  const texts: string[] = []
  for (const symbol of names) {
    const changed = (live.watched(symbol) as ChangeRing | undefined)?.textsSince(since) ?? []
    const read = rows.textsBySymbol.get(symbol) ?? []
    const changedTexts = new Set(changed)
    for (const text of [...read, ...rowsAfter(read, recent.fromMs, (fromMs) => recent.of(symbol, fromMs))])
      if (!changedTexts.has(text)) texts.push(text)
    texts.push(...changed)
  }
  return texts.join(',')
}

interface RecentRows {
  readonly symbols: Iterable<string>
  /** Where the rows of a symbol begin of which the store gave none. */
  readonly fromMs: number
  of(symbol: string, fromMs: number): readonly TimedRow[]
}

type TimedRow = Trade | Alert

/** What the hub has seen lately, watched or not: the store trails the log. */
function recentRows(hub: LiveHub, channel: Channel, symbols: SymbolFilter, rows: SnapshotRows): RecentRows {
  if (channel === 'trades' && symbols !== '*') {
    return { symbols: [], fromMs: 0, of: (symbol, fromMs) => hub.recentTrades(symbol, fromMs) }
  }
  if (channel === 'alerts') {
    const newestStoredMs = [...rows.textsBySymbol.values()].map((texts) => timeOf(texts.at(-1)!))
    const fromMs = Math.max(0, ...newestStoredMs)
    const alerts = hub.recentAlerts.filter(
      (alert) => rows.textsBySymbol.has(alert.symbol) || alert.eventTimeMs >= fromMs,
    )
    return {
      fromMs,
      symbols: alerts.map((alert) => alert.symbol),
      of: (symbol, sinceMs) => alerts.filter((alert) => alert.symbol === symbol && alert.eventTimeMs >= sinceMs),
    }
  }
  return { symbols: [], fromMs: 0, of: () => [] }
}

/** The rows behind the newest one that the store gave. */
function rowsAfter(
  stored: readonly string[],
  standardMs: number,
  recent: (fromMs: number) => readonly TimedRow[],
): string[] {
  const newest = stored.at(-1)
  const fromMs = newest === undefined ? standardMs : timeOf(newest)
  const known = new Set(stored)
  return recent(fromMs)
    .map((row) => JSON.stringify(row))
    .filter((text) => !known.has(text))
}

function timeOf(text: string): number {
  return (JSON.parse(text) as TimedRow).eventTimeMs
}

/** The hub's own latest quotes are the newest there are; the store's stand in where it has none. */
function quoteTexts(hub: LiveHub, symbols: SymbolFilter, rows: SnapshotRows): string[] {
  const texts: string[] = []
  const names = symbols === '*' ? new Set([...rows.textsBySymbol.keys(), ...hub.symbolNames()]) : symbols
  for (const symbol of names) {
    const live = hub.quotes(symbol)
    if (live.length > 0) texts.push(...live.map((quote) => JSON.stringify(quote)))
    else texts.push(...(rows.textsBySymbol.get(symbol) ?? []))
  }
  return texts
}

async function readQuotes(data: MarketData, symbols: SymbolFilter) {
  const quotes = await data.latestQuotes()
  return only(quotes, symbols)
}

async function readTrades(data: MarketData, symbols: SymbolFilter) {
  const names = symbols === '*' ? [] : symbols.slice(0, SNAPSHOT_SYMBOLS_MAX_COUNT)
  const pages = await Promise.all(names.map((symbol) => data.recentTrades(symbol, SNAPSHOT_TRADES_COUNT)))
  return symbols === '*' ? data.latestTrades() : pages.flat()
}

async function readAlerts(data: MarketData, symbols: SymbolFilter) {
  const single = symbols !== '*' && symbols.length === 1 ? symbols[0] : undefined
  const page = await data.store.alerts({
    limit: SNAPSHOT_ALERTS_COUNT,
    ...(single === undefined ? {} : { symbol: single }),
  })
  return only(page.rows, symbols).reverse()
}

/** The open candles; for a symbol that has none at the moment, the newest finished one. */
async function readCandles(data: MarketData, interval: Interval, symbols: SymbolFilter) {
  const open = await data.engine.openCandles(symbols === '*' ? undefined : symbols, interval)
  const withOpen = new Set(open.map((candle) => candle.symbol))
  const without = symbols === '*' ? [] : symbols.filter((symbol) => !withOpen.has(symbol))
  const span = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 1 }
  const pages = await Promise.all(
    without.slice(0, SNAPSHOT_SYMBOLS_MAX_COUNT).map((symbol) => data.store.candles({ symbol, interval, ...span })),
  )
  return [...open, ...pages.flatMap((page) => page.rows)].sort((a, b) => a.openTimeMs - b.openTimeMs)
}

function only<T extends { readonly symbol: string }>(rows: readonly T[], symbols: SymbolFilter): T[] {
  if (symbols === '*') return [...rows]
  const names = new Set(symbols)
  return rows.filter((row) => names.has(row.symbol))
}

function rowsBySymbol(rows: readonly { readonly symbol: string }[]): SnapshotRows {
  const textsBySymbol = new Map<string, string[]>()
  for (const row of rows) {
    const texts = textsBySymbol.get(row.symbol)
    if (texts === undefined) textsBySymbol.set(row.symbol, [JSON.stringify(row)])
    else texts.push(JSON.stringify(row))
  }
  return { textsBySymbol }
}

function intervalOf(channel: Channel): Interval {
  return INTERVALS.find((interval) => channel === `candles:${interval}`)!
}
