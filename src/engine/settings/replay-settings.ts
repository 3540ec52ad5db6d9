import { z } from 'zod'
import { REPLAY_FORMATS } from '../../feeds/replay/detect-format.ts'
import { symbol } from './fields.ts'

export const replaySchema = z.strictObject({
  type: z.literal('replay'),
  paths: z.array(z.string()).min(1),
  format: z.enum(REPLAY_FORMATS).optional(),
  venue: symbol.optional(),
  symbols: z.array(symbol).optional(),
  /** Event time per real time; 0 is as fast as it goes. */
  speed: z.number().min(0).max(1e6).default(1),
})
