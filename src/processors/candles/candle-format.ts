import { digitsToBigInt, divideRounded, formatDecimal } from '../../base/decimal.ts'
import type { Candle, Completeness } from '../../events/candle.ts'
import type { Instrument } from '../../events/instrument.ts'
import type { Interval } from '../../events/interval.ts'
import {
  BUY_QUOTE_VOLUME,
  BUY_VOLUME,
  CLOSE,
  CLOSE_TIME_US,
  HIGH,
  LOW,
  MARK_GAPPED,
  MARK_PARTIAL,
  MARK_PATCHED,
  MARKS,
  OPEN,
  OPEN_TIME_US,
  QUOTE_VOLUME,
  REVISION,
  TRADE_COUNT,
  VOLUME,
} from './candle-record.ts'

/** Quote volumes keep at least this many decimals where price and quantity have more between them. */
const QUOTE_DECIMALS_MIN = 8
const VWAP_EXTRA_DECIMALS = 4

/** The public form of a record. */
export function candleFromRecord(
  slab: Float64Array,
  at: number,
  instrument: Instrument,
  interval: Interval,
  isFinal: boolean,
): Candle {
  const { priceDecimals, quantityDecimals } = instrument
  const price = (field: number) =>
    formatDecimal(digitsToBigInt(slab[at + field]!, slab[at + field + 1]!), priceDecimals)
  const sum = (field: number) => digitsToBigInt(slab[at + field]!, slab[at + field + 1]!, slab[at + field + 2]!)
  const quoteDecimals = priceDecimals + quantityDecimals
  return {
    type: 'candle',
    venue: instrument.venue,
    symbol: instrument.symbol,
    interval,
    openTimeMs: slab[at + OPEN_TIME_US]! / 1000,
    closeTimeMs: slab[at + CLOSE_TIME_US]! / 1000,
    open: price(OPEN),
    high: price(HIGH),
    low: price(LOW),
    close: price(CLOSE),
    volume: formatDecimal(sum(VOLUME), quantityDecimals),
    quoteVolume: formatQuote(sum(QUOTE_VOLUME), quoteDecimals),
    tradeCount: slab[at + TRADE_COUNT]!,
    takerBuyVolume: formatDecimal(sum(BUY_VOLUME), quantityDecimals),
    takerBuyQuoteVolume: formatQuote(sum(BUY_QUOTE_VOLUME), quoteDecimals),
    vwap: formatVwap(sum(QUOTE_VOLUME), sum(VOLUME), priceDecimals),
    isFinal,
    revision: slab[at + REVISION]!,
    completeness: completenessOf(slab[at + MARKS]!),
  }
}

/** Venues that pad both factors to 8 decimals print 8, not 16: zeros beyond the eighth decimal are left out. */
function formatQuote(digits: bigint, decimals: number): string {
  let shown = digits
  let shownDecimals = decimals
  while (shownDecimals > QUOTE_DECIMALS_MIN && shown % 10n === 0n) {
    shown /= 10n
    shownDecimals -= 1
  }
  return formatDecimal(shown, shownDecimals)
}

function formatVwap(quoteDigits: bigint, volumeDigits: bigint, priceDecimals: number): string {
  const scale = 10n ** BigInt(VWAP_EXTRA_DECIMALS)
  return formatDecimal(divideRounded(quoteDigits * scale, volumeDigits), priceDecimals + VWAP_EXTRA_DECIMALS)
}

function completenessOf(marks: number): Completeness {
  if ((marks & MARK_GAPPED) !== 0) return 'gapped'
  if ((marks & MARK_PARTIAL) !== 0) return 'partial'
  return (marks & MARK_PATCHED) === 0 ? 'complete' : 'patched'
}
