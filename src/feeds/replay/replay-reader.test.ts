import { constants, gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { InstrumentTable } from '../../events/instrument.ts'
import { tradeAt } from '../../events/json.ts'
import { ReplayReader } from './replay-reader.ts'
import { InputDirectory, replay, zipOf } from './replay-test-kit.ts'

const inputs = new InputDirectory()
afterAll(() => inputs.remove())

function tradeLine(id: number, change: object = {}): string {
  const message = {
    e: 'trade',
    E: 1723161256322,
    T: 1723161256320 + id,
    s: 'BTCUSDT',
    t: id,
    p: '61800.30',
    q: '0.006',
    m: false,
  }
  return JSON.stringify({ stream: 'btcusdt@trade', data: { ...message, ...change } })
}

function tickerLine(sequence: number): string {
  return `1723161256.5 ${JSON.stringify({ u: sequence, s: 'BTCUSDT', b: '1.10', B: '2', a: '1.20', A: '3' })}`
}

const capture = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => `${tradeLine(from + n)}\n${tickerLine(from + n)}\n`).join('')
const ids = (trades: readonly { id?: number }[]) => trades.map((row) => row.id)
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n)

describe('packed inputs', () => {
  it('are read through gzip of several members', async () => {
    const path = inputs.write(Buffer.concat([gzipSync(capture(0, 5)), gzipSync(capture(5, 9))]), '.gz')
    const { trades, quotes } = await replay([path])
    expect(ids(trades)).toEqual(range(0, 9))
    expect(quotes).toHaveLength(9)
  })

  it('are read through zip, every entry in order, whatever its format', async () => {
    const path = inputs.write(
      zipOf({
        'b.txt': Buffer.from(capture(0, 3)),
        'empty.txt': Buffer.from(''),
        'a.gz': gzipSync(capture(3, 5)),
        'c.csv': Buffer.from('time,symbol,price,quantity,id\n1723161255,BTCUSDT,1,2,5\n'),
      }),
      '.zip',
    )
    const { trades, errors } = await replay([path], { venue: 'v' })
    expect(errors).toEqual([])
    expect(ids(trades)).toEqual(range(0, 6))
  })

  it('are told by content, not by name', async () => {
    expect(ids((await replay([inputs.write(gzipSync(capture(0, 2)), '.csv')])).trades)).toEqual([0, 1])
    expect(ids((await replay([inputs.write(zipOf({ x: Buffer.from(capture(0, 2)) }), '.gz')])).trades)).toEqual([0, 1])
  })

  it('that are cut short give what could be read, then an error, then the next input', async () => {
    const whole = gzipSync(capture(0, 5000))
    const cut = inputs.write(whole.subarray(0, Math.floor(whole.length / 2)), '.gz')
    const readable = gunzipSync(whole.subarray(0, Math.floor(whole.length / 2)), {
      finishFlush: constants.Z_SYNC_FLUSH,
    })
    const lines = readable.toString().split('\n').length - 1
    const next = inputs.write(capture(7000, 7001))
    const { trades, quotes, errors, counts, deadLetters } = await replay([cut, next])
    expect(trades.length + quotes.length).toBe(lines + 2)
    expect(trades.at(-1)?.id).toBe(7000)
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatchObject({ code: 'input-unreadable', message: expect.stringContaining(cut) })
    expect(counts.unreadableInputs).toBe(1)
    // The torn line is no event, even if it looks like one.
    expect(deadLetters.map((letter) => letter.reason)).toEqual(['malformed'])
  })

  it('with damage in the middle give an error and do not end the process', async () => {
    const bytes = gzipSync(capture(0, 5000))
    bytes.fill(0xff, 20_000, 20_050)
    const archive = zipOf({ a: Buffer.from(capture(0, 5000)), b: Buffer.from(capture(9000, 9001)) })
    archive.fill(0xff, 2000, 2050)
    const { errors, trades } = await replay([
      inputs.write(bytes),
      inputs.write(archive),
      inputs.write(capture(9001, 9002)),
    ])
    expect(errors.map((error) => (error as Error & { code: string }).code)).toEqual([
      'input-unreadable',
      'input-unreadable',
    ])
    expect(ids(trades).slice(-2)).toEqual([9000, 9001])
  })
})

describe('inputs', () => {
  it('are one stream in the order given', async () => {
    const paths = [
      inputs.write(capture(5, 9)),
      inputs.write(capture(0, 5)),
      inputs.write(''),
      inputs.write(capture(9, 10)),
    ]
    expect(ids((await replay(paths)).trades)).toEqual([...range(5, 9), ...range(0, 5), 9])
  })

  it('that are missing or directories are refused before anything is read', async () => {
    const instruments = new InstrumentTable()
    for (const path of [`${inputs.path}/missing`, inputs.path]) {
      const opened = ReplayReader.open({ paths: [inputs.write(capture(0, 1)), path], instruments })
      await expect(opened).rejects.toMatchObject({ code: 'input-unreadable', message: expect.stringContaining(path) })
    }
  })

  it('of an unknown format are refused with their beginning shown, and the next is read', async () => {
    const { errors, trades, counts } = await replay([inputs.write('hello\nworld\n'), inputs.write(capture(0, 1))])
    expect(errors[0]).toMatchObject({ code: 'format-unknown', message: expect.stringContaining('"hello"') })
    expect(counts.unreadableInputs).toBe(1)
    expect(trades).toHaveLength(1)
  })

  it('that are empty, blank or without a line end are no trouble', async () => {
    expect((await replay([inputs.write('')])).counts).toMatchObject({ lines: 0, bad: 0 })
    expect((await replay([inputs.write('\n\r\n  \n')])).counts.bad).toBe(0)
    expect(ids((await replay([inputs.write(tradeLine(3))])).trades)).toEqual([3])
    expect((await replay([])).steps).toEqual([])
  })

  it('may be narrowed to some symbols', async () => {
    const path = inputs.write(`${tradeLine(1)}\n${tradeLine(2, { s: 'ETHUSDT' })}\n`)
    const { trades, counts } = await replay([path], { symbols: ['ETHUSDT'] })
    expect(ids(trades)).toEqual([2])
    expect(counts.passedOverByKind).toEqual({ 'symbol not asked for': 1 })
  })

  it('are read in steps that hold no more than asked for, and cover the same span', async () => {
    const { steps } = await replay([inputs.write(capture(0, 10))], { batchMaxCount: 4 })
    const sizes = steps.map((step) => (JSON.parse(step) as unknown[][]).map((rows) => rows.length))
    expect(sizes).toEqual([
      [4, 3],
      [3, 4],
      [3, 3],
    ])
  })

  it('follow a table that others widen between two steps', async () => {
    const instruments = new InstrumentTable()
    const path = inputs.write(capture(0, 2))
    const reader = await ReplayReader.open({ paths: [path], instruments, batchMaxCount: 1 })
    const prices: string[] = []
    for (let step = await reader.next(); step !== undefined; step = await reader.next()) {
      if (step.trades.count > 0) prices.push(tradeAt(step.trades, 0).price)
      instruments.register('binance-spot', 'BTCUSDT', 5, 5)
    }
    expect(prices).toEqual(['61800.30', '61800.30000'])
    await reader.close()
  })

  it('report how far they are read', async () => {
    const paths = [inputs.write(capture(0, 10)), inputs.write(gzipSync(capture(0, 10)))]
    const reader = await ReplayReader.open({ paths, instruments: new InstrumentTable() })
    expect(reader.bytesRead).toBe(0)
    while ((await reader.next()) !== undefined);
    expect(reader.bytesRead).toBe(reader.bytesTotal)
    expect(reader.counts).toMatchObject({ firstEventTimeUs: 1723161256320000, lastEventTimeUs: 1723161256500000 })
    await reader.close()
  })
})

describe('a position', () => {
  const odd = [
    'garbage',
    tradeLine(1, { s: 'ETHUSDT' }),
    JSON.stringify({ e: 'aggTrade', s: 'BTCUSDT', p: '1', q: '1', f: 1, l: 1, T: 1723161256320, m: true }),
    JSON.stringify({ e: 'aggTrade', s: 'SOLUSDT', p: '1', q: '1', f: 1, l: 1, T: 1723161256320, m: true }),
    tradeLine(5, { s: 'SOLUSDT' }),
    tradeLine(2, { p: '61800.3001' }),
    tradeLine(2, { p: 'NaN' }),
    JSON.stringify({ u: 1, s: 'BTCUSDT', b: '1.10', B: '2', a: '1.20', A: '3' }),
    JSON.stringify({ e: 'trade', T: 1723161256320, s: 'X', t: 9, p: '1.5', q: '1', m: true, X: 'MARKET' }),
    '',
    tradeLine(3),
    tickerLine(4),
  ]
  const someLines = fc
    .array(fc.constantFrom(...odd), { maxLength: 25 })
    .map((lines) => lines.map((line) => `${line}\n`).join(''))
  const aFile = fc.oneof(
    someLines.map((text) => Buffer.from(text)),
    someLines.map((text) => gzipSync(text)),
    someLines.map((text) => gzipSync(text).subarray(0, -9)),
    fc
      .array(someLines, { minLength: 1, maxLength: 3 })
      .map((parts) => zipOf(Object.fromEntries(parts.map((text, index) => [`e${index}`, Buffer.from(text)])))),
    fc.constant(Buffer.from('time,symbol,price,quantity\n1723161255,A,1,2\nx\n1723161256,A,1.5,2\n')),
  )

  it('is gone on from exactly: same steps, counts, dead letters, errors and positions as without a stop', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(aFile, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 4 }),
        async (files, batchMaxCount) => {
          const paths = files.map((file) => inputs.write(file))
          const whole = await replay(paths, { batchMaxCount })
          for (const [index, startAt] of whole.positions.entries()) {
            const rest = await replay(paths, { batchMaxCount, startAt })
            expect(rest.steps).toEqual(whole.steps.slice(index + 1))
            expect(rest.counts).toEqual(whole.counts)
            expect(rest.positions).toEqual(whole.positions.slice(index + 1))
            expect(rest.errors.map(String)).toEqual(
              whole.errors.map(String).slice(-rest.errors.length || whole.errors.length),
            )
            expect(whole.deadLetters.slice(-rest.deadLetters.length || whole.deadLetters.length)).toEqual(
              rest.deadLetters,
            )
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('random input', () => {
  const seeds = [
    tradeLine(1),
    tickerLine(2),
    'time,symbol,price,quantity,side,id\n1723161255,A,1,2,buy,1',
    '{"type":"trade","venue":"v"}',
  ]
  const aMutation = fc.record({ at: fc.nat(), cut: fc.nat(12), insert: fc.uint8Array({ maxLength: 8 }) })
  const aMutant = fc
    .tuple(fc.constantFrom(...seeds), fc.array(aMutation, { maxLength: 4 }))
    .map(([seed, mutations]) => {
      let bytes = Buffer.from(`${seed}\n${seed}\n`)
      for (const { at, cut, insert } of mutations) {
        const place = at % bytes.length
        bytes = Buffer.concat([bytes.subarray(0, place), insert, bytes.subarray(place + cut)])
        if (bytes.length === 0) bytes = Buffer.from('\n')
      }
      return bytes
    })
  const aPacking = fc.constantFrom(
    (bytes: Uint8Array) => bytes,
    (bytes: Uint8Array) => gzipSync(bytes),
    (bytes: Uint8Array) => zipOf({ x: bytes }),
  )

  it('never crashes: every line is an event, passed over or counted as bad', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.array(aMutant, { maxLength: 5 }).map((parts) => Buffer.concat(parts)),
        ),
        aPacking,
        fc.constantFrom('binance', 'ndjson', 'csv', undefined),
        async (bytes, pack, format) => {
          const { errors, counts } = await replay([inputs.write(pack(bytes))], {
            batchMaxCount: 64,
            ...(format && { format }),
          })
          for (const error of errors) expect(error).toMatchObject({ name: 'FinPulseError' })
          expect(counts.trades + counts.quotes + counts.bad + counts.passedOver).toBeLessThanOrEqual(counts.lines)
        },
      ),
      { numRuns: 600 },
    )
  })
})
