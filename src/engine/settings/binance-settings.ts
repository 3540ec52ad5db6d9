import { z } from 'zod'
import { baseUrl, symbol } from './fields.ts'

export const binanceSchema = z.strictObject({
  type: z.literal('binance'),
  market: z.enum(['spot', 'usdm']).default('spot'),
  symbols: z.array(symbol).min(1).max(10_000).default(['btcusdt', 'ethusdt']),
  /** Single trades or aggregates; where absent, what the market lets one ask for again. */
  tradeStream: z.enum(['trade', 'aggTrade']).optional(),
  quotes: z.boolean().default(true),
  /** Base of the WebSocket addresses, and with `http` for `ws` of the REST ones, instead of the venue's own. */
  url: baseUrl.optional(),
  restUrl: baseUrl.optional(),
})
