import type { Alert, Direction, Severity } from '../../../src/events/alert.ts'
import type { Candle } from '../../../src/events/candle.ts'

/** The alerts of one candle as one mark. */
export interface CandleMark {
  readonly openTimeMs: number
  readonly severity: Severity
  readonly direction: Direction
  /** How many alerts, where there is more than one. */
  readonly text: string | undefined
}

const RANK: Readonly<Record<Severity, number>> = { LOW: 0, MEDIUM: 1, HIGH: 2 }

/** At most one candle in so many is marked, the strongest alerts first: else the marks hide the candles. */
const CANDLES_PER_MARK = 12
/** As many marks as this are never too many. */
const MARKS_FREE_COUNT = 20

/** One mark a candle, that of its gravest alert, by open time. Alerts outside the candles have none. */
export function candleMarks(alerts: readonly Alert[], candles: readonly Candle[], intervalMs: number): CandleMark[] {
  const byCandle = alertsByCandle(alerts, candles, intervalMs)
  const maxCount = Math.max(MARKS_FREE_COUNT, Math.floor(candles.length / CANDLES_PER_MARK))
  return [...byCandle]
    .map(([openTimeMs, list]) => ({ openTimeMs, count: list.length, gravest: list.reduce(graver) }))
    .sort((a, b) => strength(b.gravest) - strength(a.gravest))
    .slice(0, maxCount)
    .sort((a, b) => a.openTimeMs - b.openTimeMs)
    .map(({ openTimeMs, count, gravest: { severity, direction } }) => {
      return { openTimeMs, severity, direction, text: count > 1 ? `${count}` : undefined }
    })
}

function alertsByCandle(
  alerts: readonly Alert[],
  candles: readonly Candle[],
  intervalMs: number,
): ReadonlyMap<number, Alert[]> {
  const known = new Set(candles.map((candle) => candle.openTimeMs))
  const byCandle = new Map<number, Alert[]>()
  for (const alert of alerts) {
    const openTimeMs = Math.floor(alert.eventTimeMs / intervalMs) * intervalMs
    if (!known.has(openTimeMs)) continue
    const list = byCandle.get(openTimeMs)
    if (list === undefined) byCandle.set(openTimeMs, [alert])
    else list.push(alert)
  }
  return byCandle
}

/** By severity, then by how far past its threshold it went. */
function strength(alert: Alert): number {
  const excess = alert.threshold === 0 ? 0 : Math.abs(alert.value / alert.threshold)
  return RANK[alert.severity] + excess / (1 + excess)
}

function graver(a: Alert, b: Alert): Alert {
  return strength(b) > strength(a) ? b : a
}
