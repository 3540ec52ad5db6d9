/*
 * Tables of the embedded store. Times are µs since the epoch. A decimal is `digits / 10^decimals`, and its digits are
 * two columns: `x` holds the low 63 bits, which nearly always are the whole number, and `x_high` the rest.
 * (HUGEINT would be one column, but unpacking it from compressed storage takes about 200 ns a value.)
 *
 * There are no indexes: rows arrive nearly in order of time, so the minimum and maximum that DuckDB keeps of each
 * row group find the rows of a time span, and an index would cost memory and forbid compaction of deleted rows.
 */

const TRADE_COLUMNS = `
  instrument INTEGER NOT NULL,
  event_time_us BIGINT NOT NULL,
  received_time_us BIGINT NOT NULL,
  id BIGINT NOT NULL,
  trade_count UINTEGER NOT NULL,
  flags UTINYINT NOT NULL,
  price BIGINT NOT NULL,
  price_high UINTEGER NOT NULL,
  quantity BIGINT NOT NULL,
  quantity_high UINTEGER NOT NULL,
  price_decimals UTINYINT NOT NULL,
  quantity_decimals UTINYINT NOT NULL`

const QUOTE_COLUMNS = `
  instrument INTEGER NOT NULL,
  event_time_us BIGINT NOT NULL,
  received_time_us BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  bid_price BIGINT NOT NULL,
  bid_price_high UINTEGER NOT NULL,
  bid_quantity BIGINT NOT NULL,
  bid_quantity_high UINTEGER NOT NULL,
  ask_price BIGINT NOT NULL,
  ask_price_high UINTEGER NOT NULL,
  ask_quantity BIGINT NOT NULL,
  ask_quantity_high UINTEGER NOT NULL,
  price_decimals UTINYINT NOT NULL,
  quantity_decimals UTINYINT NOT NULL`

/** The decimals of a candle, in the order in which `decimals` packs their scales, six bits each, lowest first. */
export const CANDLE_DECIMALS = [
  'open',
  'high',
  'low',
  'close',
  'volume',
  'quote_volume',
  'taker_buy_volume',
  'taker_buy_quote_volume',
  'vwap',
] as const

const CANDLE_COLUMNS = `
  instrument INTEGER NOT NULL,
  interval UTINYINT NOT NULL,
  open_time_us BIGINT NOT NULL,
  close_time_us BIGINT NOT NULL,
  revision INTEGER NOT NULL,
  is_superseded UTINYINT NOT NULL,
  completeness UTINYINT NOT NULL,
  trade_count BIGINT NOT NULL,
  decimals BIGINT NOT NULL,
  ${CANDLE_DECIMALS.map((name) => `${name} BIGINT NOT NULL, ${name}_high UBIGINT NOT NULL`).join(',\n  ')}`

const ALERT_COLUMNS = `
  seq BIGINT NOT NULL,
  id VARCHAR NOT NULL,
  event_time_us BIGINT NOT NULL,
  symbol VARCHAR NOT NULL,
  severity UTINYINT NOT NULL,
  kind UTINYINT NOT NULL,
  body VARCHAR NOT NULL`

/** The last two are no part of version 1; without NOT NULL, as columns that are added cannot have it. */
const GAP_COLUMNS = `
  venue VARCHAR NOT NULL,
  symbol VARCHAR NOT NULL,
  from_id BIGINT NOT NULL,
  to_id BIGINT NOT NULL,
  missing_count BIGINT NOT NULL,
  previous_event_time_us BIGINT NOT NULL,
  event_time_us BIGINT NOT NULL,
  seq BIGINT,
  found_by UTINYINT`

/** Tables of rows: emptied with the epoch. `seq` numbers the rows of a table in order of arrival, from 0. */
const ROW_TABLES: Readonly<Record<string, string>> = {
  instruments:
    'id INTEGER NOT NULL, venue VARCHAR NOT NULL, symbol VARCHAR NOT NULL, price_decimals UTINYINT NOT NULL, quantity_decimals UTINYINT NOT NULL',
  trades: `seq BIGINT NOT NULL, ${TRADE_COLUMNS}`,
  quotes: `seq BIGINT NOT NULL, ${QUOTE_COLUMNS}`,
  // Newest row of each instrument when it was last saved; `first_time_us` is that of the instrument's first row ever.
  latest_trades: `first_time_us BIGINT NOT NULL, ${TRADE_COLUMNS}`,
  latest_quotes: `first_time_us BIGINT NOT NULL, ${QUOTE_COLUMNS}`,
  candles: CANDLE_COLUMNS,
  alerts: ALERT_COLUMNS,
  gaps: GAP_COLUMNS,
}

/** Version of these tables: a file of version 1 is brought up to it, one of any other version is refused. */
export const SCHEMA_VERSION = 2

/** Gaps had no number and no finder: all were found by the processors, and came in the order of their rows. */
export const UPGRADE_FROM_1 = [
  'ALTER TABLE gaps ADD COLUMN IF NOT EXISTS seq BIGINT',
  'ALTER TABLE gaps ADD COLUMN IF NOT EXISTS found_by UTINYINT DEFAULT 0',
  'UPDATE gaps SET seq = rowid',
  `UPDATE source SET schema_version = ${SCHEMA_VERSION}`,
]

/** One row: where the store has read to, and the next numbers of its tables. `latest_*` say what the saved rows cover. */
const SOURCE_TABLE = `
  schema_version INTEGER NOT NULL,
  epoch VARCHAR,
  positions VARCHAR NOT NULL,
  trade_seq BIGINT NOT NULL,
  quote_seq BIGINT NOT NULL,
  alert_seq BIGINT NOT NULL,
  latest_trade_seq BIGINT NOT NULL,
  latest_quote_seq BIGINT NOT NULL`

export const CREATE_SOURCE = `
  CREATE TABLE IF NOT EXISTS source (${SOURCE_TABLE});
  INSERT INTO source SELECT ${SCHEMA_VERSION}, NULL, '[]', 0, 0, 0, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM source)`

export const CREATE_ROW_TABLES = Object.entries(ROW_TABLES)
  .map(([name, columns]) => `CREATE TABLE IF NOT EXISTS ${name} (${columns})`)
  .join(';\n')

export const DROP_ROW_TABLES = Object.keys(ROW_TABLES)
  .map((name) => `DROP TABLE ${name}`)
  .join(';\n')

/** Where rows wait inside a transaction that have to be compared with stored ones. Gone with the connection. */
export const CREATE_STAGING = `
  CREATE TEMP TABLE staged_candles (${CANDLE_COLUMNS});
  CREATE TEMP TABLE staged_alerts (${ALERT_COLUMNS})`

/**
 * Puts the staged candles among the stored ones: the same revision is replaced, and of each candle only the highest
 * revision is current.
 */
export const MERGE_STAGED_CANDLES = [
  `DELETE FROM candles USING staged_candles s
    WHERE candles.instrument = s.instrument AND candles.interval = s.interval
      AND candles.open_time_us = s.open_time_us AND candles.revision = s.revision`,
  'INSERT INTO candles SELECT * FROM staged_candles',
  `UPDATE candles SET is_superseded = CASE WHEN revision < m.newest THEN 1 ELSE 0 END
    FROM (
      SELECT c.instrument, c.interval, c.open_time_us, max(c.revision) AS newest
      FROM candles c SEMI JOIN staged_candles s
        ON c.instrument = s.instrument AND c.interval = s.interval AND c.open_time_us = s.open_time_us
      GROUP BY ALL
    ) m
    WHERE candles.instrument = m.instrument AND candles.interval = m.interval
      AND candles.open_time_us = m.open_time_us`,
  'DELETE FROM staged_candles',
]

/** Alerts are idempotent by id: one that is stored already stays as it is. */
export const MERGE_STAGED_ALERTS = [
  'INSERT INTO alerts SELECT * FROM staged_alerts s WHERE NOT EXISTS (SELECT 1 FROM alerts a WHERE a.id = s.id)',
  'DELETE FROM staged_alerts',
]
