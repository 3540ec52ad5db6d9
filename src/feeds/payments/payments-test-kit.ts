import { FRAUD_KINDS, type FraudKind } from '../../events/payment.ts'
import { PaymentBatch } from '../../events/payment-batch.ts'
import { ConstantRate } from '../schedule.ts'
import {
  DEFAULT_SCENARIOS,
  defaultPaymentsOptions,
  type PaymentsOptions,
  type ScenarioOptions,
} from './payments-options.ts'
import type { PaymentsWorld } from './payments-world.ts'

/** A Monday, 0:00 UTC. */
export const START_US = 1_700_438_400_000_000

export function worldOptions(
  change: Partial<PaymentsOptions> & { readonly ratePerSecond?: number } = {},
): PaymentsOptions {
  const { ratePerSecond = 10, ...rest } = change
  const schedule = new ConstantRate(ratePerSecond, START_US)
  return { ...defaultPaymentsOptions(7, schedule, ratePerSecond), customerCount: 5000, terminalCount: 1000, ...rest }
}

/** Every scenario with something else than its defaults. */
export function scenariosWith(
  change: (kind: FraudKind, scenario: ScenarioOptions) => Partial<ScenarioOptions>,
): PaymentsOptions['scenarios'] {
  const scenarios = { ...DEFAULT_SCENARIOS }
  for (const kind of FRAUD_KINDS) scenarios[kind] = { ...scenarios[kind], ...change(kind, scenarios[kind]) }
  return scenarios
}

/** The payments `[from, to)` in one batch. */
export function paymentsOf(world: PaymentsWorld, from: number, to: number): PaymentBatch {
  const batch = new PaymentBatch(to - from)
  world.skipTo(from)
  world.fill(batch, to)
  return batch
}
