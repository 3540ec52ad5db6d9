/** Stores keep a kind as its place in this list: new ones go to its end. */
export const ALERT_KINDS = ['z-score', 'price-move', 'volume', 'stream-start', 'stream-stop'] as const
export type AlertKind = (typeof ALERT_KINDS)[number]

export const SEVERITIES = ['LOW', 'MEDIUM', 'HIGH'] as const
export type Severity = (typeof SEVERITIES)[number]

export const DIRECTIONS = ['SPIKE', 'DROP'] as const
export type Direction = (typeof DIRECTIONS)[number]

/** Why an alert fired: the figures it rests on. Prices and quantities are decimal strings, statistics are numbers. */
export type Evidence = Readonly<Record<string, string | number>>

export interface Alert {
  readonly type: 'alert'
  /** The same for the same events: `kind:venue:symbol:eventTimeUs` and a number where that is not enough. */
  readonly id: string
  readonly kind: AlertKind
  readonly venue: string
  readonly symbol: string
  readonly severity: Severity
  readonly direction: Direction
  readonly eventTimeMs: number
  /** The figure that was compared, in the unit that `evidence.unit` names. */
  readonly value: number
  readonly threshold: number
  readonly evidence: Evidence
}
