import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, describe, expect, it } from 'vitest'
import { InputDirectory, replay, zipOf } from './replay-test-kit.ts'

const inputs = new InputDirectory()
afterAll(() => inputs.remove())
let fileCount = 0

async function writeParquet(select: string, name = `p${fileCount++}.parquet`): Promise<string> {
  const path = `${inputs.path}/${name}`
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`)
  connection.closeSync()
  instance.closeSync()
  return path
}

const aThousand = `SELECT make_timestamp(1723161255000000 + i) AS time, 'AAPL' AS symbol, (100 + i)::DECIMAL(18,4) / 8 AS price,
  1 AS quantity, i AS id FROM range(1000) t(i)`

describe('Parquet', () => {
  it('keeps decimals, texts, whole numbers and doubles exact, with columns in any order and case', async () => {
    const path = await writeParquet(`
      SELECT 'sell' AS "Taker_Side", 0.1::DOUBLE AS qty, 12345678901234567890.12::DECIMAL(38,2) AS PRICE, 'A' AS symbol,
        TIMESTAMP '2024-08-08 23:54:15.088176' AS ts, 5::BIGINT AS id, 'x' AS venue
      UNION ALL BY NAME SELECT 'buy' AS "Taker_Side", 1e-8::DOUBLE AS qty, 0.5::DECIMAL(38,2) AS PRICE, 'B' AS symbol,
        TIMESTAMP '2024-08-08 23:54:15' AS ts, NULL::BIGINT AS id, NULL AS venue`)
    const { trades, counts } = await replay([path])
    expect(counts.badByReason).toEqual({})
    expect(trades.map((row) => [row.venue, row.price, row.quantity, row.takerSide, row.id, row.eventTimeMs])).toEqual([
      ['x', '12345678901234567890.12', '0.1', 'sell', 5, 1723161255088.176],
      ['file', '0.50', '0.00000001', 'buy', undefined, 1723161255000],
    ])
  })

  it('takes times of every type', async () => {
    const times = [
      '1723161255088176::BIGINT',
      '1723161255088176000::BIGINT',
      "TIMESTAMP '2024-08-08 23:54:15.088176'",
      "TIMESTAMP_NS '2024-08-08 23:54:15.088176123'",
      "TIMESTAMPTZ '2024-08-08 23:54:15.088176+00'",
      "'2024-08-08T23:54:15.088176Z'",
    ]
    for (const time of times) {
      const path = await writeParquet(`SELECT ${time} AS time, 'A' AS symbol, '1.50' AS price, 2 AS size`)
      expect((await replay([path])).trades[0]).toMatchObject({
        eventTimeMs: 1723161255088.176,
        price: '1.50',
        quantity: '2',
      })
    }
  })

  it('counts bad records, with their number', async () => {
    const path = await writeParquet(
      `SELECT 1723161255 AS time, 'A' AS symbol, unnest([1, -1, NULL, 'NaN'::DOUBLE]) AS price, 2 AS size`,
    )
    const { counts, deadLetters } = await replay([path])
    expect(counts).toMatchObject({ trades: 1, lines: 4, badByReason: { 'invalid-price': 3 } })
    expect(deadLetters[0]?.source).toBe(`${path}:2`)
  })

  it('is read in order, over steps, and gone on with from every position', async () => {
    const path = await writeParquet(aThousand)
    const whole = await replay([path], { batchMaxCount: 300 })
    expect(whole.trades.map((row) => row.id)).toEqual(Array.from({ length: 1000 }, (_, id) => id))
    for (const [index, startAt] of whole.positions.entries()) {
      const rest = await replay([path], { batchMaxCount: 300, startAt })
      expect(rest.steps).toEqual(whole.steps.slice(index + 1))
      expect(rest.counts).toEqual(whole.counts)
    }
  })

  it('is read out of gzip and zip, and by names that look like patterns', async () => {
    const bytes = readFileSync(await writeParquet(aThousand))
    const odd = await writeParquet(aThousand, `odd [1] ''*?.parquet`)
    const paths = [inputs.write(gzipSync(bytes)), inputs.write(zipOf({ 'a.parquet': bytes })), odd.replace("''", "'")]
    for (const path of paths) expect((await replay([path])).trades).toHaveLength(1000)
  })

  it('that is damaged or lacks a column is an error that says so', async () => {
    const bytes = readFileSync(await writeParquet(aThousand))
    const damaged = inputs.write(bytes.subarray(0, bytes.length - 20))
    const lacking = await writeParquet("SELECT 1 AS time, 'A' AS symbol, 2 AS price")
    const { errors } = await replay([damaged, lacking])
    expect(errors[0]).toMatchObject({ code: 'input-unreadable', message: expect.stringContaining(damaged) })
    expect(errors[1]).toMatchObject({ code: 'format-unknown', message: expect.stringContaining('quantity') })
  })
})
