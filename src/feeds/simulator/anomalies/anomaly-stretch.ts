import type { Random } from '../../../base/random.ts'
import type { MarketAnomalyKind, MarketLabel } from '../../../events/label.ts'
import type { Schedule } from '../../schedule.ts'
import { ANOMALY_KINDS, type AskedStrength, STRETCH_MAX_MS } from './anomaly-kinds.ts'

/** One anomaly of one symbol, with everything that what it does follows from. */
export interface AnomalyStretch {
  readonly kind: MarketAnomalyKind
  /** Index of the symbol in its market. */
  readonly symbol: number
  /** `[fromUs, toUs)` of event time, whole µs. */
  readonly fromUs: number
  readonly toUs: number
  readonly magnitude: number
  /** Three numbers of [0, 1) that give this stretch a form of its own. */
  readonly form: readonly [number, number, number]
}

/** Events of each symbol that a stretch of no given duration waits for, on average. */
const EVENTS_MIN_COUNT = 20
/** Magnitudes are whole multiples of this, so that a label says exactly what was done. */
const MAGNITUDE_STEP = 1e-3

/** Kind, strength and duration before it is known when it begins. */
export interface DrawnStrength {
  readonly kind: MarketAnomalyKind
  readonly magnitude: number
  readonly durationMs: number
  readonly form: readonly [number, number, number]
}

/** Draws what is not given. The same numbers are used up whatever is given. */
export function drawStrength(random: Random, { kind, magnitude, durationMs }: AskedStrength): DrawnStrength {
  const { drawn, isSigned, isWhole, durationMs: durations } = ANOMALY_KINDS[kind]
  const amount = between(drawn, random.next())
  const sign = isSigned && random.next() < 0.5 ? -1 : 1
  const drawnMs = Math.round(between(durations, random.next()))
  const form = [random.next(), random.next(), random.next()] as const
  const rounded = isWhole ? Math.round(amount) : Math.round(amount / MAGNITUDE_STEP) * MAGNITUDE_STEP
  // Of a silence, strength and duration are one.
  const isStale = kind === 'stale-feed'
  const lastsMs = durationMs ?? (isStale && magnitude !== undefined ? Math.round(magnitude * 1000) : drawnMs)
  const strength = isStale ? lastsMs / 1000 : (magnitude ?? sign * tidy(rounded))
  return { kind, magnitude: strength, durationMs: lastsMs, form }
}

function between([least, most]: readonly [number, number], chance: number): number {
  return least + (most - least) * chance
}

/** Without the digits that multiplication has left behind. */
function tidy(value: number): number {
  return Number(value.toFixed(3))
}

/** Where a stretch ends that begins at a time: later in a market so slow that hardly a trade would feel it. */
export function endOf(fromUs: number, durationMs: number, schedule: Schedule, symbolCount: number): number {
  const wantedUs = fromUs + durationMs * 1000
  const enoughUs = schedule.dueUs(schedule.countBefore(fromUs) + EVENTS_MIN_COUNT * symbolCount)
  return enoughUs <= wantedUs ? wantedUs : Math.ceil(enoughUs / 1000) * 1000
}

/** The stretch that somebody asked for: its duration if it was given, else as long as it needs, up to the maximum. */
export function askedStretch(
  drawn: DrawnStrength,
  place: { readonly symbol: number; readonly fromUs: number; readonly isDurationGiven: boolean },
  schedule: Schedule,
  symbolCount: number,
): AnomalyStretch {
  const { kind, magnitude, durationMs, form } = drawn
  const { symbol, fromUs, isDurationGiven } = place
  const givenUs = fromUs + Math.round(durationMs * 1000)
  const neededUs = Math.min(endOf(fromUs, durationMs, schedule, symbolCount), fromUs + STRETCH_MAX_MS * 1000)
  const toUs = isDurationGiven ? givenUs : neededUs
  return { kind, symbol, fromUs, toUs, magnitude: kind === 'stale-feed' ? (toUs - fromUs) / 1e6 : magnitude, form }
}

/** What is told of a stretch. @param delayMs from its end to when it becomes known */
export function labelOf(
  { kind, fromUs, toUs, magnitude }: AnomalyStretch,
  { venue, symbol }: { readonly venue: string; readonly symbol: string },
  delayMs: number,
): MarketLabel {
  return {
    type: 'market-label',
    id: `${kind}:${venue}:${symbol}:${fromUs}`,
    kind,
    venue,
    symbol,
    fromMs: fromUs / 1000,
    toMs: toUs / 1000,
    magnitude,
    eventTimeMs: toUs / 1000 + delayMs,
  }
}
