import { z } from 'zod'
import { parameterInvalid } from '../rest/problem.ts'

/** What can be done to the clients of the facade on purpose. */
export const CHAOS_KINDS = [
  'cut',
  'silence',
  'gap',
  'duplicate',
  'reorder',
  'http-429',
  'http-418',
  'slow',
  'server-shutdown',
] as const
export type ChaosKind = (typeof CHAOS_KINDS)[number]

const HOUR_MS = 3_600_000
const DAYS_3_SECONDS = 3 * 24 * 3600

const durationField = z.int().min(1).max(HOUR_MS).optional()
const countField = z.int().min(1).max(1_000_000).optional()
const delayField = z.int().min(0).max(60_000).optional()

/** Body of `POST /api/v1/venue/chaos`. */
export const chaosBody = z.strictObject({
  kind: z.enum(CHAOS_KINDS).meta({ description: `one of ${CHAOS_KINDS.join(', ')}` }),
  durationMs: durationField.meta({ description: 'ms that it lasts, from 1 to 3600000' }),
  count: countField.meta({ description: 'how often it is done, from 1 to 1000000' }),
  probability: z.number().gt(0).max(1).optional().meta({ description: 'chance of each, above 0 and at most 1' }),
  seed: z.int().min(0).optional().meta({ description: 'a whole number from 0: the same seed, the same chances' }),
  delayMs: delayField.meta({ description: 'ms from 0 to 60000' }),
  retryAfterSeconds: z.int().min(1).max(DAYS_3_SECONDS).optional().meta({ description: 'seconds from 1 to 259200' }),
})

type Body = z.output<typeof chaosBody>

/** What is to be done, with every default in place. */
export interface ChaosOrder {
  readonly kind: ChaosKind
  /** Null: until it was done `count` times. */
  readonly durationMs: number | null
  /** Null: as often as it comes up within `durationMs`. */
  readonly count: number | null
  readonly probability: number
  readonly seed: number
  /** `slow`: of each answer and message; `cut`: between two; `server-shutdown`: from the announcement to the end. */
  readonly delayMs: number
  readonly retryAfterSeconds: number
}

const TIMED_MS = 10_000
const SHUTDOWN_DELAY_MS = 5000
const SLOW_DELAY_MS = 500
const CUT_EVERY_MS = 1000

type Field = Exclude<keyof Body, 'kind'>
const CHANCE: readonly Field[] = ['probability', 'seed']

/** What each kind takes. */
const FIELDS: Readonly<Record<ChaosKind, readonly Field[]>> = {
  cut: ['count', 'delayMs', ...CHANCE],
  silence: ['durationMs', ...CHANCE],
  gap: ['count', 'durationMs', ...CHANCE],
  duplicate: ['count', 'durationMs', ...CHANCE],
  reorder: ['count', 'durationMs', ...CHANCE],
  'http-429': ['count', 'durationMs', 'retryAfterSeconds', ...CHANCE],
  'http-418': ['count', 'durationMs', 'retryAfterSeconds', ...CHANCE],
  slow: ['durationMs', 'delayMs'],
  'server-shutdown': ['delayMs'],
}

/** @throws FinPulseError request-invalid for a field that this kind does not take */
export function chaosOrderFrom(body: Body): ChaosOrder {
  const { kind } = body
  const allowed = FIELDS[kind]
  for (const [name, value] of Object.entries(body)) {
    if (name === 'kind' || value === undefined || allowed.includes(name as Field)) continue
    throw parameterInvalid(name, value, `with kind ${kind} only ${allowed.join(', ')}`)
  }
  const isBounded = body.count !== undefined || body.durationMs !== undefined
  const isTimed = kind === 'silence' || kind === 'slow'
  return {
    kind,
    durationMs: body.durationMs ?? (isTimed ? TIMED_MS : null),
    count: body.count ?? (isTimed || isBounded ? null : 1),
    probability: body.probability ?? 1,
    seed: body.seed ?? 1,
    delayMs: body.delayMs ?? delayOf(kind),
    retryAfterSeconds: body.retryAfterSeconds ?? 1,
  }
}

function delayOf(kind: ChaosKind): number {
  if (kind === 'cut') return CUT_EVERY_MS
  if (kind === 'slow') return SLOW_DELAY_MS
  return kind === 'server-shutdown' ? SHUTDOWN_DELAY_MS : 0
}

/** One kind of chaos as it is now. */
export const chaosStateSchema = z.object({
  kind: z.enum(CHAOS_KINDS),
  isActive: z.boolean(),
  startedMs: z.number(),
  endsMs: z.number().nullable().meta({ description: 'null where a count ends it' }),
  remainingCount: z.int().nullable().meta({ description: 'null where a time ends it' }),
  affectedCount: z
    .int()
    .meta({ description: 'what it was done to: trades, requests or connections; slow counts nothing' }),
  probability: z.number(),
  seed: z.int(),
  delayMs: z.number(),
  retryAfterSeconds: z.int(),
})
export type ChaosState = z.output<typeof chaosStateSchema>

export const chaosResponse = z.object({ data: z.array(chaosStateSchema) })
export const chaosEndQuery = z.strictObject({
  kind: z
    .enum(CHAOS_KINDS)
    .optional()
    .meta({ description: `one of ${CHAOS_KINDS.join(', ')}` }),
})
