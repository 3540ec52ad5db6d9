import type { DuckDBValue } from '@duckdb/node-api'
import { LIMB } from '../../base/decimal.ts'
import { FinPulseError } from '../../base/errors.ts'
import type { QuoteBatch } from '../../events/quote-batch.ts'
import type { Topic } from '../../events/topic.ts'
import type { TradeBatch } from '../../events/trade-batch.ts'
import type { DuckDbDatabase, Row } from './duckdb-database.ts'
import type { LatestRows } from './latest-rows.ts'
import { SCHEMA_VERSION, UPGRADE_FROM_1 } from './schema.ts'
import { StoreState } from './store-state.ts'
import { digitsOf } from './typed-chunk.ts'

const LIMB_BIG = BigInt(LIMB)

/** Brings the tables of an earlier version up to the present one. What is done twice changes nothing. */
export async function upgrade(database: DuckDbDatabase): Promise<void> {
  const [source] = await database.query('SELECT schema_version FROM source')
  if (source![0] === 1) for (const sql of UPGRADE_FROM_1) await database.execute(sql)
}

/** What the tables say, as the state to go on with. @throws FinPulseError data-dir-incompatible */
export async function loadState(database: DuckDbDatabase): Promise<StoreState> {
  const state = new StoreState()
  const [source] = await database.query(
    `SELECT schema_version, epoch, positions, trade_seq, quote_seq, alert_seq, latest_trade_seq, latest_quote_seq
     FROM source`,
  )
  const [version, epoch, positions, tradeSeq, quoteSeq, alertSeq, latestTradeSeq, latestQuoteSeq] = source!
  if (version !== SCHEMA_VERSION) {
    const what = `has tables of version ${version}, expected ${SCHEMA_VERSION}; move it away to begin anew`
    throw new FinPulseError('data-dir-incompatible', `market store ${database.path}: ${what}`)
  }
  state.source = {
    epoch: epoch === null ? undefined : String(epoch),
    positions: (JSON.parse(String(positions)) as [Topic, number, number][]).map(([topic, partition, nextOffset]) => ({
      topic,
      partition,
      nextOffset,
    })),
    tradeSeq: Number(tradeSeq),
    quoteSeq: Number(quoteSeq),
    alertSeq: Number(alertSeq),
    gapSeq: Number((await database.query('SELECT coalesce(max(seq) + 1, 0) FROM gaps'))[0]![0]),
  }
  await loadInstruments(database, state)
  await loadLatest(database, state.latestTrades, state, 'trades', Number(latestTradeSeq), TRADE_FIELDS)
  await loadLatest(database, state.latestQuotes, state, 'quotes', Number(latestQuoteSeq), QUOTE_FIELDS)
  return state
}

async function loadInstruments(database: DuckDbDatabase, state: StoreState): Promise<void> {
  const rows = await database.query(
    'SELECT venue, symbol, price_decimals, quantity_decimals FROM instruments ORDER BY id',
  )
  for (const [venue, symbol, priceDecimals, quantityDecimals] of rows) {
    state.instruments.register(String(venue), String(symbol), Number(priceDecimals), Number(quantityDecimals))
  }
  state.instruments.unsaved.clear()
  const newest = 'SELECT instrument, interval, max(open_time_us) FROM candles GROUP BY ALL'
  for (const [instrument, interval, openTimeUs] of await database.query(newest)) {
    state.sawCandle(Number(instrument), Number(interval), Number(openTimeUs) / 1000)
  }
  state.tradeCount = Number((await database.query('SELECT count(*) FROM trades'))[0]![0])
  state.quoteCount = Number((await database.query('SELECT count(*) FROM quotes'))[0]![0])
}

/** Reads a row's columns after the event time into the batch of the latest rows. */
type ReadFields<B> = { readonly names: readonly string[]; read(rows: B, id: number, values: Row): void }

const TRADE_FIELDS: ReadFields<TradeBatch> = {
  names: 'received_time_us id trade_count flags price price_high quantity quantity_high'.split(' '),
  read(rows, id, [receivedTimeUs, tradeId, tradeCount, flags, price, priceHigh, quantity, quantityHigh]) {
    rows.receivedTimeUs[id] = Number(receivedTimeUs)
    rows.id[id] = Number(tradeId)
    rows.tradeCount[id] = Number(tradeCount)
    rows.flags[id] = Number(flags)
    readDigits(rows.priceLow, rows.priceHigh, id, price, priceHigh)
    readDigits(rows.quantityLow, rows.quantityHigh, id, quantity, quantityHigh)
  },
}

const QUOTE_FIELDS: ReadFields<QuoteBatch> = {
  names: (
    'received_time_us sequence bid_price bid_price_high bid_quantity bid_quantity_high ' +
    'ask_price ask_price_high ask_quantity ask_quantity_high'
  ).split(' '),
  read(rows, id, [receivedTimeUs, sequence, ...digits]) {
    rows.receivedTimeUs[id] = Number(receivedTimeUs)
    rows.sequence[id] = Number(sequence)
    readDigits(rows.bidPriceLow, rows.bidPriceHigh, id, digits[0], digits[1])
    readDigits(rows.bidQuantityLow, rows.bidQuantityHigh, id, digits[2], digits[3])
    readDigits(rows.askPriceLow, rows.askPriceHigh, id, digits[4], digits[5])
    readDigits(rows.askQuantityLow, rows.askQuantityHigh, id, digits[6], digits[7])
  },
}

/** First the rows that were saved, then the newest of those that arrived after them. */
async function loadLatest<B extends TradeBatch | QuoteBatch>(
  database: DuckDbDatabase,
  latest: LatestRows<B>,
  state: StoreState,
  table: 'trades' | 'quotes',
  savedSeq: number,
  fields: ReadFields<B>,
): Promise<void> {
  const names = ['instrument', 'event_time_us', 'price_decimals', 'quantity_decimals', ...fields.names]
  const columns = names.map((name) => `t.${name}`).join(', ')
  const saved = await database.query(`SELECT t.first_time_us, ${columns} FROM latest_${table} t`)
  const arrived = await database.query(
    `SELECT n.first_time_us, ${columns}
     FROM (
       SELECT min(event_time_us) AS first_time_us, arg_max(seq, (event_time_us, seq)) AS seq
       FROM ${table} WHERE seq >= $1 GROUP BY instrument
     ) n JOIN ${table} t USING (seq) WHERE t.seq >= $1`,
    [BigInt(savedSeq)],
  )
  for (const [firstTimeUs, instrument, eventTimeUs, priceDecimals, quantityDecimals, ...values] of [
    ...saved,
    ...arrived,
  ]) {
    const id = Number(instrument)
    const times = { firstTimeUs: Number(firstTimeUs), eventTimeUs: Number(eventTimeUs) }
    const decimals = { price: Number(priceDecimals), quantity: Number(quantityDecimals) }
    latest.restore(id, times, decimals, state.instruments.table, (rows) => fields.read(rows, id, values))
  }
}

function readDigits(
  low: Float64Array,
  high: Uint32Array,
  id: number,
  stored: DuckDBValue | undefined,
  rest: DuckDBValue | undefined,
): void {
  const digits = digitsOf(stored as bigint, rest as number)
  low[id] = Number(digits % LIMB_BIG)
  high[id] = Number(digits / LIMB_BIG)
}
