import type { Trade } from '../../../src/events/trade.ts'

/** Trades of the tape with a key each, newest first. */
export interface TapeTrade {
  readonly key: string
  readonly trade: Trade
  /** Against the trade before: 1 up, −1 down, 0 the same. */
  readonly step: number
}

/**
 * Puts trades in front of the tape, each id once.
 * @param incoming oldest first
 */
export function addTrades(tape: readonly TapeTrade[], incoming: readonly Trade[], maxCount: number): TapeTrade[] {
  const known = new Set(tape.map((entry) => entry.key))
  const added: TapeTrade[] = []
  let lastPrice = tape[0]?.trade.price
  for (const trade of incoming) {
    const key = keyOf(trade, known)
    if (key === undefined) continue
    known.add(key)
    const step = lastPrice === undefined ? 0 : Math.sign(Number(trade.price) - Number(lastPrice))
    added.push({ key, trade, step })
    lastPrice = trade.price
  }
  return [...added.reverse(), ...tape].slice(0, maxCount)
}

/** Undefined for a trade that is there already. Without ids, equal trades at one time may be two. */
function keyOf(trade: Trade, known: ReadonlySet<string>): string | undefined {
  if (trade.id !== undefined) {
    const key = `${trade.venue} ${trade.id}`
    return known.has(key) ? undefined : key
  }
  const base = `${trade.venue} ${trade.eventTimeMs} ${trade.price} ${trade.quantity}`
  let key = base
  for (let copy = 2; known.has(key); copy++) key = `${base} ${copy}`
  return key
}
