import type { DuckDBValue } from '@duckdb/node-api'
import type { Instrument } from '../../events/instrument.ts'
import type { ExactDecimal } from '../exact-decimal.ts'
import type { SymbolSpan } from '../symbol-span.ts'
import { scaleAt } from './candle-rows.ts'
import { CANDLE_DECIMALS } from './schema.ts'
import { digitsOf } from './typed-chunk.ts'

/**
 * Candles folded per instrument and scales. Sums are taken of the low and of the high digits apart, and put together
 * here: a sum over any number of days stays exact where a sum of whole digits could overflow.
 */
export const SPAN_SELECT = [
  'instrument, decimals, min(open_time_us), max(open_time_us), max(close_time_us), sum(trade_count)',
  'arg_min(open, open_time_us), arg_min(open_high, open_time_us)',
  `max(${whole('high')}), min(${whole('low')})`,
  'arg_max(close, open_time_us), arg_max(close_high, open_time_us)',
  'sum(volume), sum(volume_high), sum(quote_volume), sum(quote_volume_high)',
].join(', ')

/** A row of `SPAN_SELECT`. */
export function spanFrom(row: readonly DuckDBValue[], instrument: Instrument): SymbolSpan {
  const numbers = row as readonly bigint[]
  const scales = numbers[1]!
  const exact = (name: (typeof CANDLE_DECIMALS)[number], digits: bigint): ExactDecimal => ({
    digits,
    decimals: scaleAt(scales, CANDLE_DECIMALS.indexOf(name)),
  })
  return {
    venue: instrument.venue,
    symbol: instrument.symbol,
    firstOpenTimeMs: Number(row[2]) / 1000,
    lastOpenTimeMs: Number(row[3]) / 1000,
    lastCloseTimeMs: Number(row[4]) / 1000,
    tradeCount: Number(row[5]),
    open: exact('open', digitsOf(numbers[6]!, numbers[7]!)),
    high: exact('high', numbers[8]!),
    low: exact('low', numbers[9]!),
    close: exact('close', digitsOf(numbers[10]!, numbers[11]!)),
    volume: exact('volume', sumOf(numbers[12]!, numbers[13]!)),
    quoteVolume: exact('quote_volume', sumOf(numbers[14]!, numbers[15]!)),
  }
}

function whole(name: string): string {
  return `${name}_high::HUGEINT * ${2n ** 63n} + ${name}`
}

/** A sum of low digits may reach into the high ones, so that it is added instead of joined. */
function sumOf(low: bigint, high: bigint): bigint {
  return (high << 63n) + low
}
