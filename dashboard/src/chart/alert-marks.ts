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

/** Where more than one candle in so many would be marked, only HIGH alerts are: else the marks hide the candles. */
const CANDLES_PER_MARK = 10
/** As many marks as this are never too many. */
const MARKS_FREE_COUNT = 30

/** One mark a candle, that of its gravest alert, by open time. Alerts outside the candles have none. */
export function candleMarks(alerts: readonly Alert[], candles: readonly Candle[], intervalMs: number): CandleMark[] {
  const marks = marksOf(alerts, candles, intervalMs)
  if (marks.length <= Math.max(MARKS_FREE_COUNT, candles.length / CANDLES_PER_MARK)) return marks
  return marksOf(
    alerts.filter((alert) => alert.severity === 'HIGH'),
    candles,
    intervalMs,
  )
}

function marksOf(alerts: readonly Alert[], candles: readonly Candle[], intervalMs: number): CandleMark[] {
  const known = new Set(candles.map((candle) => candle.openTimeMs))
  const byCandle = new Map<number, Alert[]>()
  for (const alert of alerts) {
    const openTimeMs = Math.floor(alert.eventTimeMs / intervalMs) * intervalMs
    if (!known.has(openTimeMs)) continue
    const list = byCandle.get(openTimeMs)
    if (list === undefined) byCandle.set(openTimeMs, [alert])
    else list.push(alert)
  }
  return [...byCandle].map(([openTimeMs, list]) => markOf(openTimeMs, list)).sort((a, b) => a.openTimeMs - b.openTimeMs)
}

function markOf(openTimeMs: number, alerts: readonly Alert[]): CandleMark {
  const gravest = alerts.reduce((a, b) => (RANK[b.severity] > RANK[a.severity] ? b : a))
  const { severity, direction } = gravest
  return { openTimeMs, severity, direction, text: alerts.length > 1 ? `${alerts.length}` : undefined }
}
