import type { Candle } from '../../../src/events/candle.ts'

/**
 * True where `next` is the newer form of the same candle: a later revision, the final form of a running one, or a running
 * one with at least as many trades.
 */
export function supersedes(next: Candle, current: Candle): boolean {
  if (next.isFinal !== current.isFinal) return next.isFinal
  if (next.revision !== current.revision) return next.revision > current.revision
  return next.isFinal || next.tradeCount >= current.tradeCount
}

/** Both lists by open time, each candle once in its newest form. `current` is sorted; the result is. */
export function mergeCandles(current: readonly Candle[], incoming: readonly Candle[]): Candle[] {
  const [only] = incoming
  const newest = current.at(-1)
  // Nearly every call brings the running candle alone, ten times a second.
  if (incoming.length === 1 && only !== undefined && newest?.openTimeMs === only.openTimeMs) {
    return [...current.slice(0, -1), supersedes(only, newest) ? only : newest]
  }
  const byOpenTime = new Map<number, Candle>()
  for (const list of [current, incoming]) {
    for (const candle of list) {
      const known = byOpenTime.get(candle.openTimeMs)
      if (known === undefined || supersedes(candle, known)) byOpenTime.set(candle.openTimeMs, candle)
    }
  }
  return [...byOpenTime.values()].sort((a, b) => a.openTimeMs - b.openTimeMs)
}

/**
 * The candles to draw where only the newest one changed or new ones came after it; undefined where anything older did,
 * so that all are to be drawn anew.
 */
export function changedTail(previous: readonly Candle[], next: readonly Candle[]): readonly Candle[] | undefined {
  const newest = previous.at(-1)
  if (newest === undefined) return undefined
  let index = 0
  while (index < previous.length && previous[index] === next[index]) index += 1
  const tail = next.slice(index)
  const first = tail[0]
  if (first === undefined) return next.length === previous.length ? [] : undefined
  return first.openTimeMs >= newest.openTimeMs ? tail : undefined
}

export interface VwapPoint {
  readonly openTimeMs: number
  readonly value: number
  /** Nothing joins it to the point after, which is another day's. */
  readonly isLastOfDay: boolean
}

const DAY_MS = 86_400_000

/**
 * The day's VWAP so far at each candle: Σ quote volume / Σ volume since midnight UTC. A first day that the candles begin
 * in the middle of has none, since its beginning is not known.
 */
export function dayVwap(candles: readonly Candle[], isBeginningKnown: boolean): VwapPoint[] {
  const points: VwapPoint[] = []
  const first = candles[0]
  if (first === undefined) return points
  const stepMs = first.closeTimeMs - first.openTimeMs
  const isFirstDayWhole = isBeginningKnown || first.openTimeMs % DAY_MS === 0
  const firstDay = isFirstDayWhole ? -1 : Math.floor(first.openTimeMs / DAY_MS)
  let day = -1
  let volume = 0
  let quoteVolume = 0
  for (const candle of candles) {
    const candleDay = Math.floor(candle.openTimeMs / DAY_MS)
    if (candleDay === firstDay) continue
    if (candleDay !== day) {
      day = candleDay
      volume = 0
      quoteVolume = 0
    }
    volume += Number(candle.volume)
    quoteVolume += Number(candle.quoteVolume)
    if (volume === 0) continue
    const isLastOfDay = (candle.openTimeMs + stepMs) % DAY_MS === 0
    points.push({ openTimeMs: candle.openTimeMs, value: quoteVolume / volume, isLastOfDay })
  }
  return points
}
