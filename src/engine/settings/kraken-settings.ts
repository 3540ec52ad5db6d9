import { z } from 'zod'
import { baseUrl, symbol } from './fields.ts'

export const krakenSchema = z.strictObject({
  type: z.literal('kraken'),
  /** As WebSocket v2 names pairs: `BTC/USD`. */
  symbols: z.array(symbol).min(1).max(10_000).default(['BTC/USD', 'ETH/USD']),
  quotes: z.boolean().default(true),
  /** Base of the WebSocket address, and with `http` for `ws` of the REST one, instead of the venue's own. */
  url: baseUrl.optional(),
  restUrl: baseUrl.optional(),
})
