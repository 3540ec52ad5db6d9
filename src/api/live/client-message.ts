import { z } from 'zod'
import { FinPulseError } from '../../base/errors.ts'
import { INTERVALS } from '../../events/interval.ts'
import type { Channel, ClientMessage } from '../../protocol/live.ts'
import { parameterInvalid, requestInvalid } from '../rest/problem.ts'

export const CHANNELS: readonly Channel[] = [
  'quotes',
  'trades',
  'alerts',
  ...INTERVALS.map((interval) => `candles:${interval}` as const),
]

/** Most subscribed symbols of one session, all channels together. */
export const SUBSCRIPTIONS_MAX_COUNT = 1000

const channel = z.enum(CHANNELS)
const symbols = z
  .union([z.literal('*'), z.array(z.string().min(1).max(64)).min(1).max(SUBSCRIPTIONS_MAX_COUNT)])
  .meta({ description: `"*" or a list of 1 to ${SUBSCRIPTIONS_MAX_COUNT} symbols` })

const MESSAGES = {
  subscribe: z.strictObject({ type: z.literal('subscribe'), channel, symbols }),
  unsubscribe: z.strictObject({ type: z.literal('unsubscribe'), channel, symbols: symbols.optional() }),
  ping: z.strictObject({
    type: z.literal('ping'),
    id: z.number().optional().meta({ description: 'a number' }),
  }),
} as const

/** @throws FinPulseError request-invalid for anything but a message of the protocol */
export function parseClientMessage(text: string): ClientMessage {
  const data = parseJson(text)
  const type = typeof data === 'object' && data !== null && 'type' in data ? data.type : undefined
  if (type !== 'subscribe' && type !== 'unsubscribe' && type !== 'ping') {
    throw parameterInvalid('type', type, `one of ${Object.keys(MESSAGES).join(', ')}`)
  }
  const schema = MESSAGES[type]
  const result = schema.safeParse(data)
  if (!result.success) throw requestInvalid(schema, data, result.error)
  return result.data as ClientMessage
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new FinPulseError('request-invalid', `message: expected JSON, got "${text.slice(0, 60)}"`, { cause })
  }
}
