import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, describe, expect, it } from 'vitest'
import { removeTempDirectories, tempDirectory } from '../../../../tests/support/temp-directory.ts'
import { systemClock } from '../../../base/clock.ts'
import { decodePayments, decodeTrades } from '../../../events/batch-codec.ts'
import { InstrumentTable } from '../../../events/instrument.ts'
import { decodeRecords, paymentAt, tradeAt } from '../../../events/json.ts'
import type { Label } from '../../../events/label.ts'
import type { Topic } from '../../../events/topic.ts'
import { EmbeddedEventLog } from '../../../log/embedded/embedded-event-log.ts'
import type { SourceSpec } from '../source-spec.ts'
import { columns, generate, lines, linesOf, originUs, payments } from '../testing/generated.ts'
import { LogSink } from './log-sink.ts'
import { ParquetSink } from './parquet-sink.ts'

afterEach(removeTempDirectories)

describe('a Parquet file', () => {
  const rowsOf = async (path: string) => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    return (await connection.runAndReadAll(`SELECT * FROM '${path}'`)).getRowObjectsJson()
  }

  it('has the trades of the stream in order and to the digit, written in parts or not', async () => {
    const expected = (await linesOf(lines, 9000)).map((line) => JSON.parse(line) as Record<string, unknown>)
    for (const partRows of [2000, 1_000_000]) {
      const path = join(tempDirectory(), 'trades.parquet')
      const summary = await generate(columns, await ParquetSink.open(path, 'market.trades', partRows), 9000)
      expect(summary).toMatchObject({ events: { trades: 9000 }, bytes: readFileSync(path).length })
      const rows = await rowsOf(path)
      expect(
        rows.map(({ venue, symbol, id, price, quantity, side }) => [venue, symbol, id, price, quantity, side]),
      ).toEqual(
        expected.map(({ venue, symbol, id, price, quantity, takerSide }) => [
          venue,
          symbol,
          String(id),
          price,
          quantity,
          takerSide,
        ]),
      )
      expect(Date.parse(`${String(rows[4321]!.time).replace(' ', 'T')}Z`)).toBe(expected[4321]!.eventTimeMs)
      expect(readdirSync(join(path, '..'))).toEqual(['trades.parquet'])
    }
  })

  it('has the payments, with nothing where there is nothing', async () => {
    const spec: SourceSpec = { format: 'columnar', seed: 3, originUs, pieceCount: 256, payments }
    const expected = (await linesOf(spec, 2000)).map((line) => JSON.parse(line) as Record<string, unknown>)
    const path = join(tempDirectory(), 'payments.parquet')
    await generate(spec, await ParquetSink.open(path, 'payments'), 2000)
    const rows = await rowsOf(path)
    const fields = [
      'kind',
      'customer',
      'card',
      'merchant',
      'terminal',
      'counterparty',
      'channel',
      'amount',
      'currency',
      'country',
      'x',
      'y',
    ]
    expect(rows.map((row) => fields.map((field) => row[field]))).toEqual(
      expected.map((payment) => fields.map((field) => payment[field] ?? null)),
    )
  })

  it('is not there where it cannot be written', async () => {
    const path = join(tempDirectory(), 'missing', 'trades.parquet')
    await expect(ParquetSink.open(path, 'market.trades')).rejects.toMatchObject({ code: 'sink-failed' })
    const directory = join(tempDirectory(), 'a-directory')
    mkdirSync(join(directory, 'inside'), { recursive: true })
    const sink = await ParquetSink.open(directory, 'market.trades')
    await expect(generate(columns, sink, 500)).rejects.toMatchObject({ code: 'sink-failed' })
    expect(readdirSync(join(directory, '..'))).toEqual(['a-directory'])
  })
})

describe('a log that is generated', () => {
  const spec: SourceSpec = { ...columns, payments }
  const open = (directory: string, from = 0, its = spec) => LogSink.open(directory, its, from, systemClock)

  async function contentOf(directory: string, topic: Topic): Promise<Uint8Array[]> {
    const log = EmbeddedEventLog.open({ directory: join(directory, 'log'), clock: systemClock })
    const batches = await log.read(topic, 0, 0, 1 << 28)
    await log.close()
    return batches.map(({ payload }) => payload)
  }

  async function eventsOf(directory: string): Promise<string[][]> {
    const instruments = new InstrumentTable()
    const trades = (await contentOf(directory, 'market.trades')).flatMap((payload) => {
      const batch = decodeTrades(payload, instruments)
      return Array.from({ length: batch.count }, (_, row) => JSON.stringify(tradeAt(batch, row)))
    })
    const paid = (await contentOf(directory, 'payments')).flatMap((payload) => {
      const batch = decodePayments(payload)
      return Array.from({ length: batch.count }, (_, row) => JSON.stringify(paymentAt(batch, row)))
    })
    const labels = (await contentOf(directory, 'labels')).flatMap((payload) => decodeRecords<Label>(payload))
    return [trades, paid, labels.map((label) => JSON.stringify(label))]
  }

  it('has the same events and labels whole, and in runs that go on where the last one stopped', async () => {
    const [whole, parts] = [tempDirectory(), tempDirectory()]
    await generate(spec, await open(whole), 40_000)
    let from: number | undefined
    for (const to of [700, 20_001, 40_000]) {
      const sink = await open(parts)
      expect(sink.nextIndex).toBe(from)
      await generate(spec, sink, to, from ?? 0)
      from = to
    }
    const [trades, paid, labels] = await eventsOf(parts)
    expect([trades, paid, labels]).toEqual(await eventsOf(whole))
    expect(trades!.length + paid!.length).toBe(40_000)
    expect(labels!.length).toBeGreaterThan(10)
    const merged = (await linesOf(spec, 40_000)).filter((line) => line.startsWith('{"type":"trade"'))
    expect(trades).toEqual(merged)
  })

  it('is refused while another has it open, for other options, and where it is not ours', async () => {
    const directory = tempDirectory()
    const sink = await open(directory)
    await expect(open(directory)).rejects.toMatchObject({ code: 'data-dir-locked' })
    await generate(spec, sink, 500)
    await expect(open(directory, 0, { ...spec, seed: 4 })).rejects.toThrow('its log was generated with another seed')
    await expect(open(directory, 100)).rejects.toThrow('its log was generated with another firstIndex')
    const other = tempDirectory()
    const log = EmbeddedEventLog.open({ directory: join(other, 'log'), clock: systemClock })
    const batch = { recordCount: 1, payload: new Uint8Array(1), maxEventTimeUs: 0 }
    await log.commit({ appends: [{ topic: 'alerts', partition: 0, batch }] })
    await log.close()
    await expect(open(other)).rejects.toThrow('its log has events that "finpulse generate" did not write')
  })
})
