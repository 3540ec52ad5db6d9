import { z } from 'zod'
import type { SymbolModel } from '../../feeds/simulator/symbol-presets.ts'
import { symbol } from './fields.ts'

/** Models are part of every position that the feed commits. */
const MODELS_MAX_COUNT = 1000
/** Of log volatility: with more, prices of one day would not fit the same format. */
const VOLATILITY_VARIANCE_MAX = 2

const from = (min: number, max: number) => z.number().min(min).max(max).optional()

const volatilityComponent = z.strictObject({
  relaxationMinutes: z.number().min(0.1).max(1_000_000),
  deviation: z.number().min(0).max(2),
})

/** Ranges are wide, but such that every price and quantity stays within its digits. `docs/simulated-market.md`. */
const modelSchema = z
  .strictObject({
    process: z.enum(['stochastic', 'brownian']).optional(),
    price: from(1e-6, 1e9),
    annualVolatility: from(0.001, 10),
    tickSize: z.number().positive().refine(isTickSize, 'expected 1, 2 or 5 of some decimal, as 0.01 or 0.5').optional(),
    quantityDecimals: z.int().min(0).max(8).optional(),
    minuteDeviationBp: from(0.01, 500),
    volatility: z
      .array(volatilityComponent)
      .max(8)
      .refine(isCalmEnough, `expected squares of the deviations that add up to at most ${VOLATILITY_VARIANCE_MAX}`)
      .optional(),
    shockFreedom: from(2.1, 100),
    jumpsPerDay: from(0, 100),
    jumpDeviation: from(0, 50),
    jumpMean: from(-50, 50),
    marketCorrelation: from(-1, 1),
    volumeOfVolatility: from(0, 3),
    volumeOfShock: from(0, 3),
    volumeNoise: from(0, 3),
    spreadBp: from(0, 1000),
    spreadOfVolatility: from(0, 10),
    dayAmplitude: from(0, 3),
    dayPeakHour: from(0, 24),
    sessionAmplitude: from(0, 3),
    overnightDeviation: from(0, 5),
  } satisfies Record<keyof SymbolModel, z.ZodType>)
  .refine(
    ({ annualVolatility, minuteDeviationBp }) => annualVolatility === undefined || minuteDeviationBp === undefined,
    { message: 'expected annualVolatility or minuteDeviationBp, not both', abort: true },
  )

export const modelsSchema = z
  .record(symbol, modelSchema)
  .refine((models) => Object.keys(models).length <= MODELS_MAX_COUNT, {
    error: ({ input }) =>
      `models: expected at most ${MODELS_MAX_COUNT} symbols, got ${Object.keys(input ?? {}).length}`,
  })

function isTickSize(size: number): boolean {
  return /^[125]e/.test(size.toExponential())
}

function isCalmEnough(volatility: readonly { readonly deviation: number }[]): boolean {
  return volatility.reduce((sum, { deviation }) => sum + deviation ** 2, 0) <= VOLATILITY_VARIANCE_MAX
}
