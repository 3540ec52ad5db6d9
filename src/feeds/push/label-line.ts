import { type Label, MARKET_ANOMALY_KINDS, type MarketLabel } from '../../events/label.ts'
import { NAME_PATTERN } from '../../events/limits.ts'
import { FRAUD_KINDS, type PaymentLabel } from '../../events/payment.ts'
import type { Refusal } from '../rows/market-row.ts'
import type { Json } from '../rows/ndjson-lines.ts'
import { isWhole, refuse, timeUsOf } from './payment-line.ts'

const TEXT_MAX_LENGTH = 128
const FRAUDS: readonly unknown[] = FRAUD_KINDS
const ANOMALIES: readonly unknown[] = MARKET_ANOMALY_KINDS

/** A label as it was given out, with no more fields than it has; or why it is bad. */
export function readLabel(json: Json): Label | Refusal {
  return json.type === 'payment-label' ? readPaymentLabel(json) : readMarketLabel(json)
}

function readPaymentLabel(json: Json): PaymentLabel | Refusal {
  const { paymentId, kind, ring, paymentTimeMs, eventTimeMs } = json
  if (!isWhole(paymentId, 0, Number.MAX_SAFE_INTEGER)) return refuse('invalid-id', 'paymentId', paymentId, 'an id')
  if (!FRAUDS.includes(kind)) return refuse('unknown-shape', 'kind', kind, 'a kind of fraud')
  if (!isText(ring)) return refuse('unknown-shape', 'ring', ring, 'a text')
  const refusal = refuseTimes({ paymentTimeMs, eventTimeMs })
  return refusal ?? ({ type: 'payment-label', paymentId, kind, ring, paymentTimeMs, eventTimeMs } as PaymentLabel)
}

function readMarketLabel(json: Json): MarketLabel | Refusal {
  const { id, kind, venue, symbol, fromMs, toMs, magnitude, eventTimeMs } = json
  if (!isText(id)) return refuse('invalid-id', 'id', id, 'a text')
  if (!ANOMALIES.includes(kind)) return refuse('unknown-shape', 'kind', kind, 'a kind of anomaly')
  if (!isName(venue) || !isName(symbol)) return refuse('invalid-symbol', 'symbol', [venue, symbol], 'venue and symbol')
  if (typeof magnitude !== 'number') return refuse('unknown-shape', 'magnitude', magnitude, 'a number')
  const refusal = refuseTimes({ fromMs, toMs, eventTimeMs })
  const fields = { id, kind, venue, symbol, fromMs, toMs, magnitude, eventTimeMs }
  return refusal ?? ({ type: 'market-label', ...fields } as MarketLabel)
}

function refuseTimes(times: Json): Refusal | undefined {
  for (const [field, value] of Object.entries(times)) {
    if (Number.isNaN(timeUsOf(value))) return refuse('invalid-time', field, value, 'ms since 1970')
  }
  return undefined
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= TEXT_MAX_LENGTH
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && NAME_PATTERN.test(value)
}
