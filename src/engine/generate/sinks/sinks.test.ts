import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { removeTempDirectories, tempDirectory } from '../../../../tests/support/temp-directory.ts'
import { systemClock } from '../../../base/clock.ts'
import { decodePayments, decodeTrades } from '../../../events/batch-codec.ts'
import { InstrumentTable } from '../../../events/instrument.ts'
import { decodeRecords, paymentAt, tradeAt } from '../../../events/json.ts'
import type { Label } from '../../../events/label.ts'
import type { Topic } from '../../../events/topic.ts'
import { defaultPaymentsOptions } from '../../../feeds/payments/payments-options.ts'
import { ConstantRate } from '../../../feeds/schedule.ts'
import { marketRules } from '../../../feeds/simulator/simulator-market.ts'
import { EmbeddedEventLog } from '../../../log/embedded/embedded-event-log.ts'
import { headerOf } from '../event-lines.ts'
import { GeneratorRun, type GeneratorSummary } from '../generator-run.ts'
import { LocalPieces } from '../local-pieces.ts'
import { labelsOf, type SourceSpec, schedulesOf } from '../source-spec.ts'
import { HttpSink } from './http-sink.ts'
import { LogSink } from './log-sink.ts'
import { ParquetSink } from './parquet-sink.ts'
import type { PieceSink } from './sink.ts'
import { fileSink } from './stream-sink.ts'
import { WebSocketSink } from './web-socket-sink.ts'

afterEach(removeTempDirectories)

const originUs = 1_767_225_600_000_000
const symbols = ['AAPL', 'BTCUSDT', 'DOGEUSDT']
const market = {
  rate: { ratePerSecond: 500 },
  symbols,
  rules: marketRules({ market: 'crypto' }, symbols),
  trades: true,
  quotes: false,
}
const { seed: _seed, schedule: _schedule, ...paymentsOptions } = defaultPaymentsOptions(1, new ConstantRate(1, 0), 100)
const hour = { medianHours: 0.005, deviation: 0.5, minHours: 0, maxHours: 0.01, missingShare: 0 }
const payments = { rate: { ratePerSecond: 100 }, options: { ...paymentsOptions, labels: hour } }
const lines: SourceSpec = { format: 'ndjson', seed: 3, originUs, pieceCount: 256, market }
const columns: SourceSpec = { ...lines, format: 'columnar' }

async function generate(spec: SourceSpec, sink: PieceSink, to: number, from = 0): Promise<GeneratorSummary> {
  const schedule = schedulesOf(spec).whole
  const labels = labelsOf(spec, to)
  labels?.skipTo(schedule.dueUs(from))
  const run = new GeneratorRun({
    source: new LocalPieces(spec, from, to),
    schedule,
    sink,
    header: new Uint8Array(0),
    clock: systemClock,
    endIndex: to,
    ...(labels === undefined ? {} : { labels }),
  })
  await run.run(new AbortController().signal)
  return run.summary()
}

async function linesOf(spec: SourceSpec, count: number): Promise<string[]> {
  const path = join(tempDirectory(), 'lines')
  await generate({ ...spec, format: 'ndjson' }, fileSink(path), count)
  return readFileSync(path, 'utf8').trim().split('\n')
}

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

describe('an HTTP place', () => {
  let server: Server
  afterEach(() => server.close())

  async function listen(
    answer: (requestNumber: number) => Promise<number>,
  ): Promise<{ url: string; bodies: string[] }> {
    const bodies: string[] = []
    server = createServer((request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      request.on('end', async () => {
        bodies.push(body)
        response.writeHead(await answer(bodies.length), { 'retry-after': '0' }).end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`, bodies }
  }

  it('that is slow gets all lines in order, in few requests', async () => {
    const { url, bodies } = await listen(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return 204
    })
    const summary = await generate(lines, new HttpSink(url, 'ndjson', headerOf(lines)), 20_000)
    expect(bodies.join('').trim().split('\n')).toEqual(await linesOf(lines, 20_000))
    // 79 pieces.
    expect(bodies.length).toBeLessThan(12)
    expect(Math.max(...bodies.map(({ length }) => length))).toBeLessThanOrEqual(1_000_000)
    expect(summary).toMatchObject({ nextIndex: 20_000, events: { trades: 20_000 } })
    expect(summary.sinkWaitMs).toBeGreaterThan(20)
  })

  it('gets large pieces in bodies of a megabyte at most, of whole lines', async () => {
    const { url, bodies } = await listen(async () => 204)
    const large: SourceSpec = { ...lines, pieceCount: 8192 }
    const summary = await generate(large, new HttpSink(url, 'ndjson', headerOf(lines)), 20_000)
    expect(bodies.join('').trim().split('\n')).toEqual(await linesOf(lines, 20_000))
    for (const body of bodies) {
      expect(body.length).toBeLessThanOrEqual(1_000_000)
      expect(body.endsWith('}\n')).toBe(true)
    }
    expect(summary.bytes).toBe(bodies.join('').length)
  })

  it('gets CSV whose every body has the header', async () => {
    const { url, bodies } = await listen(async () => 204)
    const csv: SourceSpec = { ...lines, format: 'csv' }
    await generate(csv, new HttpSink(url, 'csv', headerOf(csv)), 3000)
    const rows = bodies.flatMap((body) => {
      const [header, ...rest] = body.trim().split('\n')
      expect(header).toBe('time,venue,symbol,price,quantity,side,id')
      return rest
    })
    expect(rows.length).toBe(3000)
  })

  it('that is full gets the same once more', async () => {
    const { url, bodies } = await listen(async (requestNumber) => (requestNumber % 3 === 0 ? 204 : 429))
    await generate(lines, new HttpSink(url, 'ndjson', headerOf(lines)), 3000)
    const taken = bodies.filter((_, index) => index % 3 === 2)
    expect(bodies).toEqual(taken.flatMap((body) => [body, body, body]))
    expect(taken.join('').trim().split('\n')).toEqual(await linesOf(lines, 3000))
  })

  it('that refuses ends the run, which knows what was taken', async () => {
    const { url, bodies } = await listen(async (requestNumber) => (requestNumber < 3 ? 204 : 507))
    const schedule = schedulesOf(lines).whole
    const options = {
      schedule,
      sink: new HttpSink(url, 'ndjson', headerOf(lines)),
      header: new Uint8Array(0),
      clock: systemClock,
    }
    const run = new GeneratorRun({ ...options, source: new LocalPieces(lines, 0, 500_000), endIndex: 500_000 })
    await expect(run.run(new AbortController().signal)).rejects.toThrow(`${url}: answered 507`)
    const taken = bodies.slice(0, 2).join('').trim().split('\n')
    expect(run.summary()).toMatchObject({ nextIndex: taken.length, events: { trades: taken.length } })
  })
})

describe('a WebSocket place', () => {
  it('gets all lines in order, and a run ends where it goes away', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    let text = ''
    await once(server, 'listening')
    let messagesLeft = Number.POSITIVE_INFINITY
    server.on('connection', (socket) => {
      socket.on('message', (message: Buffer) => {
        text += message.toString()
        messagesLeft -= 1
        if (messagesLeft === 0) socket.terminate()
      })
    })
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      const summary = await generate(lines, await WebSocketSink.open(url, true), 5000)
      const expected = await linesOf(lines, 5000)
      await expect.poll(() => text.length).toBe(summary.bytes)
      expect(text.trim().split('\n')).toEqual(expected)
      messagesLeft = 3
      const sink = await WebSocketSink.open(url, true)
      await expect(generate(lines, sink, 10_000_000)).rejects.toThrow(`${url}: closed the connection`)
    } finally {
      server.close()
    }
    await expect(WebSocketSink.open(url, true)).rejects.toMatchObject({ code: 'sink-failed' })
  })
})
