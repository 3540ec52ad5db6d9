import { z } from 'zod'
import { FRAUD_KINDS, type FraudKind } from '../../events/payment.ts'
import {
  DEFAULT_LABEL_DELAY,
  DEFAULT_SCENARIOS,
  defaultPaymentsOptions,
  LABEL_HOURS_MAX,
  type PaymentsOptions,
  type ScenarioOptions,
} from '../../feeds/payments/payments-options.ts'
import type { Schedule } from '../../feeds/schedule.ts'
import { duration } from './fields.ts'

const HOUR_MS = 3_600_000

const scenario = (kind: FraudKind) =>
  z.strictObject({
    /** Part of all payments. */
    share: z.number().optional(),
    sizeMin: z.int().optional(),
    sizeMax: z.int().optional(),
    span: duration(`payments.scenarios.${kind}.span`).optional(),
  })

/** What may be told of a world of payments; what is not told follows from its rate. Ranges are checked by the world. */
export const paymentsSchema = z.strictObject({
  customerCount: z.int().optional(),
  terminalCount: z.int().optional(),
  /** Part of the payments that are transfers. */
  transferShare: z.number().optional(),
  cardLimitCents: z.int().optional(),
  scenarios: z
    .strictObject(Object.fromEntries(FRAUD_KINDS.map((kind) => [kind, scenario(kind).optional()])))
    .optional() as z.ZodOptional<z.ZodType<Partial<Record<FraudKind, z.output<ReturnType<typeof scenario>>>>>>,
  /** How late a fraud becomes known. */
  labels: z
    .strictObject({
      median: duration('payments.labels.median').optional(),
      deviation: z.number().optional(),
      min: duration('payments.labels.min').optional(),
      max: duration('payments.labels.max').optional(),
      missingShare: z.number().optional(),
    })
    .optional(),
})
/** The checked settings; durations are in ms. */
export type PaymentsSettings = z.output<typeof paymentsSchema>

/** Made-up payments beside the market of `finpulse up`. */
export const paymentsFeedSchema = paymentsSchema.extend({
  /** None at 0. */
  ratePerSecond: z.number().min(0).max(100_000).default(0),
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(1),
  /** History that a new world lives through first; as long as that of the simulated market where it is left out. */
  backfill: duration('payments.backfill').optional(),
})

/** The options of a world with these settings; `checkPaymentsOptions` has still to see them. */
export function paymentsOptionsFrom(
  settings: PaymentsSettings,
  seed: number,
  schedule: Schedule,
  ratePerSecond: number,
): PaymentsOptions {
  const { scenarios = {}, labels = {}, ...counts } = settings
  const defaults = defaultPaymentsOptions(seed, schedule, ratePerSecond)
  return {
    ...defaults,
    ...present(counts),
    scenarios: Object.fromEntries(
      FRAUD_KINDS.map((kind) => [kind, scenarioFrom(DEFAULT_SCENARIOS[kind], scenarios[kind] ?? {})]),
    ) as Record<FraudKind, ScenarioOptions>,
    labels: labelsFrom(labels),
  }
}

function scenarioFrom(
  known: ScenarioOptions,
  { span, ...rest }: z.output<ReturnType<typeof scenario>>,
): ScenarioOptions {
  return { ...known, ...present(rest), ...(span === undefined ? {} : { spanHours: span / HOUR_MS }) }
}

/** The median takes the usual bounds with it, unless they are given: who asks for a minute does not mean six hours. */
function labelsFrom({ median, min, max, ...rest }: NonNullable<PaymentsSettings['labels']>): PaymentsOptions['labels'] {
  const medianHours = median === undefined ? DEFAULT_LABEL_DELAY.medianHours : median / HOUR_MS
  const scale = medianHours / DEFAULT_LABEL_DELAY.medianHours
  return {
    ...DEFAULT_LABEL_DELAY,
    ...present(rest),
    medianHours,
    minHours: min === undefined ? DEFAULT_LABEL_DELAY.minHours * scale : min / HOUR_MS,
    maxHours: max === undefined ? Math.min(LABEL_HOURS_MAX, DEFAULT_LABEL_DELAY.maxHours * scale) : max / HOUR_MS,
  }
}

/** Without what is undefined, which would hide a default. */
function present<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}
