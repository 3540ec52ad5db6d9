import type { Alert, Evidence } from '../../events/alert.ts'
import type { Measure, ThresholdKind, ThresholdRule, ThresholdState } from './threshold-state.ts'

const UNITS: Readonly<Record<ThresholdKind, string>> = {
  change: 'percent',
  above: 'price',
  below: 'price',
  volume: 'times the mean volume',
}

/** Of what and when a switch is told. */
export interface SwitchNews {
  readonly venue: string
  readonly symbol: string
  readonly timeUs: number
  /** Streamed after the switch, this symbol included where it is. */
  readonly streamedCount: number
  readonly rule: ThresholdRule
}

/** Says that a symbol is streamed from now on. */
export function startAlert(news: SwitchNews, state: ThresholdState): Alert {
  const measure = state.measure!
  return {
    ...commonOf('stream-start', news, measure, state),
    severity: 'MEDIUM',
    evidence: { ...evidenceOf(news, measure), changePercent: round(state.changePercent) },
  }
}

/** Says that a symbol is polled again. */
export function stopAlert(news: SwitchNews, state: ThresholdState): Alert {
  const measure = state.measure!
  return {
    ...commonOf('stream-stop', news, measure, state),
    severity: 'LOW',
    evidence: {
      ...evidenceOf(news, measure),
      calmMs: news.rule.calmMs,
      streamedMs: Math.round((news.timeUs - state.startedUs) / 1000),
      lastMetTimeMs: Math.round(state.metUs / 1000),
    },
  }
}

function commonOf(kind: Alert['kind'], { venue, symbol, timeUs }: SwitchNews, measure: Measure, state: ThresholdState) {
  return {
    type: 'alert',
    id: `${kind}:${venue}:${symbol}:${timeUs}`,
    kind,
    venue,
    symbol,
    direction: directionOf(measure, state),
    eventTimeMs: timeUs / 1000,
    value: round(measure.value),
    threshold: measure.limit,
  } as const
}

/** Of a level its side, else the sign of the change: volume has none of its own. */
function directionOf({ kind, value }: Measure, { changePercent }: ThresholdState): Alert['direction'] {
  if (kind === 'above' || kind === 'below') return kind === 'above' ? 'SPIKE' : 'DROP'
  return (kind === 'change' ? value : changePercent) < 0 ? 'DROP' : 'SPIKE'
}

function evidenceOf({ rule, streamedCount }: SwitchNews, { kind }: Measure): Evidence {
  return { unit: UNITS[kind], threshold: kind, windowMs: rule.windowMs, streamedCount }
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6
}
