import { FinPulseError } from '../../../base/errors.ts'
import { MARKET_ANOMALY_KINDS, type MarketAnomalyKind } from '../../../events/label.ts'

type Range = readonly [minimum: number, maximum: number]

/** How strong and how long the stretches of a kind are. */
export interface AnomalyKindRanges {
  /** Unit of the magnitude, for people. */
  readonly unit: string
  /** What is drawn, and what may be asked for; of the amount where it has a sign. */
  readonly drawn: Range
  readonly allowed: Range
  /** Whether it goes either way: the magnitude is then below zero for a fall. */
  readonly isSigned: boolean
  readonly isWhole: boolean
  readonly durationMs: Range
}

/** No stretch is longer; drawn ones have a slot of this length for themselves. */
export const STRETCH_MAX_MS = 900_000
const STRETCH_MIN_MS = 100

const SECOND = 1000
const MINUTE = 60_000
const either = { isSigned: true, isWhole: false }
const upward = { isSigned: false, isWhole: false }

/** The ranges by kind; `docs/market-anomalies.md` has the same table, and a test keeps the two equal. */
export const ANOMALY_KINDS: Readonly<Record<MarketAnomalyKind, AnomalyKindRanges>> = {
  'flash-crash': {
    ...{ unit: '% of the price lost at the bottom', drawn: [4, 15], allowed: [0.1, 90] },
    ...{ ...upward, durationMs: [60 * SECOND, 4 * MINUTE] },
  },
  'fat-finger': {
    ...{ unit: '% of the price, above or below the market', drawn: [4, 20], allowed: [0.1, 90] },
    ...{ ...either, durationMs: [2 * SECOND, 5 * SECOND] },
  },
  'price-spike': {
    ...{ unit: '% of the price, up or down', drawn: [2, 9], allowed: [0.1, 90] },
    ...{ ...either, durationMs: [6 * SECOND, 60 * SECOND] },
  },
  'volume-burst': {
    ...{ unit: 'times the usual volume', drawn: [8, 40], allowed: [2, 1000] },
    ...{ ...upward, durationMs: [20 * SECOND, 3 * MINUTE] },
  },
  'pump-and-dump': {
    ...{ unit: '% of the price gained at the top', drawn: [8, 30], allowed: [0.1, 500] },
    ...{ ...upward, durationMs: [4 * MINUTE, 10 * MINUTE] },
  },
  'quote-stuffing': {
    ...{ unit: 'quotes of the symbol per event of the whole market', drawn: [0.6, 1], allowed: [0.1, 1] },
    ...{ ...upward, durationMs: [3 * SECOND, 30 * SECOND] },
  },
  'wash-trades': {
    ...{ unit: 'trades of a run', drawn: [4, 12], allowed: [2, 1000], isSigned: false, isWhole: true },
    ...{ durationMs: [20 * SECOND, 3 * MINUTE] },
  },
  'stale-feed': {
    ...{ unit: 'seconds of silence', drawn: [20, 240], allowed: [0.1, 900] },
    ...{ ...upward, durationMs: [20 * SECOND, 4 * MINUTE] },
  },
  'crossed-quotes': {
    ...{ unit: 'basis points by which the bid is above the ask', drawn: [1, 12], allowed: [0, 1000] },
    ...{ ...upward, durationMs: [3 * SECOND, 60 * SECOND] },
  },
}

/** @throws FinPulseError with the code, naming the kinds there are */
export function checkKind(
  kind: string,
  subject: string,
  code: 'config-invalid' | 'request-invalid',
): MarketAnomalyKind {
  const known = MARKET_ANOMALY_KINDS.find((candidate) => candidate === kind)
  if (known !== undefined) return known
  throw new FinPulseError(code, `${subject}: expected one of ${MARKET_ANOMALY_KINDS.join(', ')}, got "${kind}"`)
}

/** Magnitude and duration as somebody asked for them. */
export interface AskedStrength {
  readonly kind: MarketAnomalyKind
  readonly magnitude?: number | undefined
  readonly durationMs?: number | undefined
}

/** @param subject what comes before the names @throws FinPulseError with the code where one is out of its range */
export function checkStrength(asked: AskedStrength, subject: string, code: 'config-invalid' | 'request-invalid'): void {
  const { kind, magnitude, durationMs } = asked
  const { allowed, isSigned, isWhole, unit } = ANOMALY_KINDS[kind]
  if (magnitude !== undefined && !isAllowed(magnitude, kind)) {
    const [least, most] = allowed
    const range = `${isWhole ? 'a whole number, ' : ''}${least} to ${most}${isSigned ? `, or -${most} to -${least}` : ''}`
    throw new FinPulseError(code, `${subject}magnitude: expected ${range} (${unit}) for ${kind}, got ${magnitude}`, {
      context: { parameter: 'magnitude', value: magnitude, allowed: `${range} (${unit})` },
    })
  }
  if (kind === 'stale-feed' && magnitude !== undefined && durationMs !== undefined && durationMs !== magnitude * 1000) {
    const allowed = `${magnitude * 1000} ms, as the magnitude says, or one of the two`
    throw new FinPulseError(code, `${subject}durationMs: expected ${allowed}, got ${durationMs}`, {
      context: { parameter: 'durationMs', value: durationMs, allowed },
    })
  }
  if (durationMs !== undefined && !(durationMs >= STRETCH_MIN_MS && durationMs <= STRETCH_MAX_MS)) {
    const range = `${STRETCH_MIN_MS} to ${STRETCH_MAX_MS} ms`
    throw new FinPulseError(code, `${subject}durationMs: expected ${range}, got ${durationMs}`, {
      context: { parameter: 'durationMs', value: durationMs, allowed: range },
    })
  }
}

function isAllowed(magnitude: number, kind: MarketAnomalyKind): boolean {
  const { allowed, isSigned, isWhole } = ANOMALY_KINDS[kind]
  const amount = isSigned ? Math.abs(magnitude) : magnitude
  return amount >= allowed[0] && amount <= allowed[1] && (!isWhole || Number.isInteger(magnitude))
}
