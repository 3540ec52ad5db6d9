import { z } from 'zod'
import { DEAD_LETTER_REASONS } from '../events/dead-letter.ts'
import { NAME_PATTERN } from '../events/limits.ts'

/* What other systems and the server agree on when events are pushed. */

export const PUSH_FORMATS = ['ndjson', 'csv', 'json'] as const
export type PushFormat = (typeof PUSH_FORMATS)[number]

/** Longest id of a batch, in characters. */
export const BATCH_ID_MAX_LENGTH = 255

const name = z.string().regex(NAME_PATTERN)
const flag = z.enum(['true', 'false']).transform((text) => text === 'true')

export const pushQuery = z.strictObject({
  strict: flag.optional().meta({ description: 'true or false: whether one bad line refuses the whole batch' }),
  venue: name.optional().meta({ description: 'a venue, for events that name none (default: push)' }),
  source: name.optional().meta({ description: 'a name, for whose numbers the ids of payments are' }),
})

const refusedLineSchema = z.object({
  line: z.int().meta({ description: 'From 1; in a JSON array the number of the element' }),
  reason: z.enum(DEAD_LETTER_REASONS),
  detail: z.string(),
})

export const pushResultSchema = z
  .object({
    acceptedCount: z.int().meta({ description: 'Events that are durable now and were not before' }),
    duplicateCount: z.int().meta({ description: 'Events that had been taken before' }),
    refusedCount: z.int().meta({ description: 'Lines that are no events' }),
    refused: z.array(refusedLineSchema).meta({ description: 'The first of the refused lines, at most 10' }),
  })
  .meta({ id: 'PushResult' })

export type PushResult = z.infer<typeof pushResultSchema>

/** What the push WebSocket answers to message number `id` (from 1), in order of the messages. */
export type PushAnswer =
  | ({ readonly type: 'ack'; readonly id: number } & PushResult)
  | { readonly type: 'error'; readonly id: number; readonly code: string; readonly detail: string }
