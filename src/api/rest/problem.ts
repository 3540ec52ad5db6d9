import type { z } from 'zod'
import { ERROR_CODES, type ErrorCode, FinPulseError } from '../../base/errors.ts'
import type { Problem } from '../../protocol/rest.ts'

/** Longest piece of a refused value that is given back. */
const VALUE_MAX_LENGTH = 200

const STATUS_BY_CODE: Partial<Record<ErrorCode, number>> = {
  'request-invalid': 400,
  'not-found': 404,
  'symbol-unknown': 404,
  'event-invalid': 400,
  'format-unknown': 400,
  'queue-full': 429,
  'not-ready': 503,
}

/** What fastify itself refuses before a route is reached, by its own code. */
const DETAIL_BY_FASTIFY_CODE: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body: expected at most 64 KiB',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'content-type: expected application/json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'body: expected valid JSON',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'body: expected a JSON object, got nothing',
}

/** A refused request parameter; `parameter`, `value` and `allowed` become members of the problem. */
export function parameterInvalid(parameter: string, value: unknown, allowed: string): FinPulseError {
  const context = { parameter, value: shortened(value), allowed }
  const got = value === undefined ? 'nothing' : JSON.stringify(context.value)
  return new FinPulseError('request-invalid', `${parameter}: expected ${allowed}, got ${got}`, { context })
}

/** The first issue that zod found, as a refused parameter: its name, its value and what is allowed. */
export function requestInvalid(schema: z.ZodType, data: unknown, error: z.ZodError): FinPulseError {
  const issue = error.issues[0]
  if (issue?.code === 'unrecognized_keys') {
    const name = issue.keys[0] ?? ''
    const known = Object.keys(fieldsOf(schema))
    const allowed = known.length === 0 ? 'no parameter here' : `one of the parameters ${known.join(', ')}`
    return parameterInvalid(name, member(data, name), allowed)
  }
  const name = String(issue?.path[0] ?? 'body')
  const value = issue?.path.length === 0 ? data : member(data, name)
  if (issue?.code === 'invalid_type' && issue.path.length === 0) return parameterInvalid(name, value, 'a JSON object')
  if (issue?.code === 'invalid_value') return parameterInvalid(name, value, `one of ${issue.values.join(', ')}`)
  return parameterInvalid(name, value, descriptionOf(fieldsOf(schema)[name]) ?? issue?.message ?? 'another value')
}

/** Any error as a problem. Only FinPulse's own texts and fastify's refusals are shown: inner details stay inside. */
export function problemFrom(error: unknown, instance: string): Problem {
  if (error instanceof FinPulseError) {
    const status = STATUS_BY_CODE[error.code] ?? 500
    if (status !== 500) return { ...problem(status, error.code, error.message, instance), ...shownContext(error) }
  }
  const status = member(error, 'statusCode')
  if (typeof status === 'number' && status >= 400 && status < 500) {
    const fastifyCode = String(member(error, 'code'))
    return problem(
      status,
      'request-invalid',
      DETAIL_BY_FASTIFY_CODE[fastifyCode] ?? 'the request is malformed',
      instance,
    )
  }
  return problem(500, 'internal', 'the request failed inside FinPulse; the log says more', instance)
}

export function problem(status: number, code: ErrorCode, detail: string, instance: string): Problem {
  return { type: 'about:blank', title: ERROR_CODES[code], status, code, detail, instance }
}

function shownContext(error: FinPulseError): Partial<Pick<Problem, 'parameter' | 'value' | 'allowed'>> {
  const { parameter, value, allowed } = error.context
  return {
    ...(typeof parameter === 'string' ? { parameter } : {}),
    ...(value === undefined ? {} : { value }),
    ...(typeof allowed === 'string' ? { allowed } : {}),
  }
}

interface Definition {
  readonly innerType?: z.ZodType
  readonly shape?: Readonly<Record<string, z.ZodType>>
}

function fieldsOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> {
  return (schema.def as Definition).shape ?? {}
}

/** The description of a field, also where it is wrapped as optional or with a default. */
function descriptionOf(schema: z.ZodType | undefined): string | undefined {
  if (schema === undefined) return undefined
  return schema.meta()?.description ?? descriptionOf((schema.def as Definition).innerType)
}

function member(data: unknown, name: string): unknown {
  return typeof data === 'object' && data !== null ? Object.getOwnPropertyDescriptor(data, name)?.value : undefined
}

function shortened(value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, VALUE_MAX_LENGTH)
  if (value === undefined || typeof value === 'number' || typeof value === 'boolean') return value
  return JSON.stringify(value).slice(0, VALUE_MAX_LENGTH)
}
