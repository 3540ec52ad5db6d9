import { BIGINT, type DuckDBAppender, type DuckDBValue, INTEGER, UBIGINT, UTINYINT } from '@duckdb/node-api'
import { formatDecimal } from '../../base/decimal.ts'
import { type Candle, COMPLETENESS } from '../../events/candle.ts'
import { INTERVALS } from '../../events/interval.ts'
import { type ExactDecimal, exactDecimal } from '../exact-decimal.ts'
import { CANDLE_DECIMALS } from './schema.ts'
import { CHUNK_ROWS, digitsOf, setBigDigits, setBigInteger, setInteger, TypedChunk } from './typed-chunk.ts'

/** Columns before the digits. */
const PLAIN_COLUMNS = 9
const SCALE_BITS = 6n

/** A final candle, checked and ready to be written. */
export interface CandleRow {
  readonly candle: Candle
  readonly instrument: number
  readonly interval: number
  /** In the order of `CANDLE_DECIMALS`. */
  readonly decimals: readonly ExactDecimal[]
}

const FIELDS = [
  'open',
  'high',
  'low',
  'close',
  'volume',
  'quoteVolume',
  'takerBuyVolume',
  'takerBuyQuoteVolume',
  'vwap',
] as const satisfies readonly (keyof Candle)[]

/** The exact decimals of a candle. @throws FinPulseError store-failed where one of them cannot be kept */
export function candleDecimals(candle: Candle): ExactDecimal[] {
  return FIELDS.map((field) => exactDecimal(candle[field], `candle ${candle.symbol} ${candle.openTimeMs} ${field}`))
}

export class CandleChunk {
  readonly #chunk = new TypedChunk([
    INTEGER,
    UTINYINT,
    BIGINT,
    BIGINT,
    INTEGER,
    UTINYINT,
    UTINYINT,
    BIGINT,
    BIGINT,
    ...CANDLE_DECIMALS.flatMap(() => [BIGINT, UBIGINT]),
  ])

  append(rows: readonly CandleRow[], appender: DuckDBAppender): void {
    for (let start = 0; start < rows.length; start += CHUNK_ROWS) {
      const part = rows.slice(start, start + CHUNK_ROWS)
      for (let row = 0; row < part.length; row++) this.#fill(part[row]!, row)
      this.#chunk.appendTo(appender, part.length)
    }
  }

  #fill({ candle, instrument, interval, decimals }: CandleRow, row: number): void {
    const { words, bytes } = this.#chunk
    words[0]![row] = instrument
    bytes[1]![row] = interval
    setInteger(words[2]!, row, candle.openTimeMs * 1000)
    setInteger(words[3]!, row, candle.closeTimeMs * 1000)
    words[4]![row] = candle.revision
    bytes[5]![row] = 0
    bytes[6]![row] = COMPLETENESS.indexOf(candle.completeness)
    setInteger(words[7]!, row, candle.tradeCount)
    let scales = 0n
    decimals.forEach((value, index) => {
      const column = PLAIN_COLUMNS + 2 * index
      setBigDigits(words[column]!, words[column + 1]!, row, value.digits)
      scales |= BigInt(value.decimals) << (SCALE_BITS * BigInt(index))
    })
    setBigInteger(words[8]!, row, scales)
  }
}

/** What a query selects to rebuild candles with `candleFrom`. */
export const CANDLE_SELECT = [
  'instrument, interval, open_time_us, close_time_us, revision, completeness, trade_count, decimals',
  ...CANDLE_DECIMALS.map((name) => `${name}, ${name}_high`),
].join(', ')

/** Decimals of the field at `index` of `CANDLE_DECIMALS`, out of the packed scales. */
export function scaleAt(scales: bigint, index: number): number {
  return Number((scales >> (SCALE_BITS * BigInt(index))) & ((1n << SCALE_BITS) - 1n))
}

/** The candle of a row of `CANDLE_SELECT`, to the character as it was written. */
export function candleFrom(row: readonly DuckDBValue[], venue: string, symbol: string): Candle {
  const scales = row[7] as bigint
  const text = (index: number) => {
    const digits = digitsOf(row[8 + 2 * index] as bigint, row[9 + 2 * index] as bigint)
    return formatDecimal(digits, scaleAt(scales, index))
  }
  return {
    type: 'candle',
    venue,
    symbol,
    interval: INTERVALS[row[1] as number]!,
    openTimeMs: Number(row[2]) / 1000,
    closeTimeMs: Number(row[3]) / 1000,
    open: text(0),
    high: text(1),
    low: text(2),
    close: text(3),
    volume: text(4),
    quoteVolume: text(5),
    tradeCount: Number(row[6]),
    takerBuyVolume: text(6),
    takerBuyQuoteVolume: text(7),
    vwap: text(8),
    isFinal: true,
    revision: row[4] as number,
    completeness: COMPLETENESS[row[5] as number]!,
  }
}
