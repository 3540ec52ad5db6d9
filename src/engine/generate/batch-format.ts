import { encodeTrades } from '../../events/batch-codec.ts'
import type { InstrumentTable } from '../../events/instrument.ts'
import { MarketLines, TRADE_CSV_HEADER } from '../../events/market-lines.ts'
import type { QuoteBatch } from '../../events/quote-batch.ts'
import type { TradeBatch } from '../../events/trade-batch.ts'

export const GENERATE_FORMATS = ['ndjson', 'csv', 'columnar'] as const
export type GenerateFormat = (typeof GENERATE_FORMATS)[number]

/** Turns batches into the bytes of a format. What it gives is valid until the next call. */
export interface BatchFormat {
  /** Bytes before the first batch. */
  readonly header: Uint8Array
  encode(trades: TradeBatch, quotes: QuoteBatch): Uint8Array
}

export interface FormatKinds {
  readonly hasTrades: boolean
  readonly hasQuotes: boolean
}

export function createFormat(format: GenerateFormat, instruments: InstrumentTable, kinds: FormatKinds): BatchFormat {
  if (format === 'columnar') return { header: new Uint8Array(0), encode: (trades) => framed(encodeTrades(trades)) }
  const lines = new MarketLines(instruments)
  if (format === 'csv') {
    return { header: new TextEncoder().encode(TRADE_CSV_HEADER), encode: (trades) => lines.csv(trades) }
  }
  return { header: new Uint8Array(0), encode: (trades, quotes) => ndjson(lines, trades, quotes, kinds) }
}

function ndjson(lines: MarketLines, trades: TradeBatch, quotes: QuoteBatch, kinds: FormatKinds): Uint8Array {
  if (!kinds.hasQuotes) return lines.ndjson(trades)
  if (!kinds.hasTrades) trades.count = 0
  return lines.ndjsonMerged(trades, quotes)
}

/** Columnar batches follow one another, each behind its length: u32 little-endian, then 4 bytes of zero. */
function framed(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(8 + payload.length)
  new DataView(frame.buffer).setUint32(0, payload.length, true)
  frame.set(payload, 8)
  return frame
}
