import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { zipOf } from '../../src/feeds/replay/replay-test-kit.ts'
import { poll } from '../support/poll.ts'
import { killAllPrograms, Program } from '../support/program.ts'
import { eventsOf, runReplay } from '../support/replay-run.ts'
import { removeTempDirectories, tempDirectory } from '../support/temp-directory.ts'

/* `finpulse replay` to standard output. */

const HEADER = 'time,symbol,price,quantity,side,id\n'
const START_MS = Date.parse('2024-03-01T00:00:00Z')

let cwd: string
beforeEach(() => {
  cwd = tempDirectory()
})
afterEach(async () => {
  await killAllPrograms()
  await removeTempDirectories()
})

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(cwd, name), content)
  return name
}

/** Trades of one symbol, a second apart. */
function csvRows(symbol: string, fromId: number, count: number): string {
  const row = (id: number) => `${START_MS + id * 1000},${symbol},${100 + (id % 7)}.25,${1 + (id % 3)},buy,${id}\n`
  return Array.from({ length: count }, (_, index) => row(fromId + index)).join('')
}

function trade(fields: Record<string, unknown>): string {
  const valid = { type: 'trade', venue: 'v', symbol: 'A', price: '1.5', quantity: '2', eventTimeMs: START_MS }
  return JSON.stringify({ ...valid, ...fields })
}

describe('inputs', { timeout: 60_000 }, () => {
  it('plain, .gz, .zip and standard input give the same events', async () => {
    const csv = HEADER + csvRows('ABC', 0, 200)
    const plain = await runReplay([file('a.csv', csv)], { cwd })
    expect(plain.code).toBe(0)
    expect(plain.events.length).toBeGreaterThan(5)
    const others = [
      runReplay([file('a.csv.gz', gzipSync(csv))], { cwd }),
      runReplay([file('a.zip', zipOf({ 'a.csv': Buffer.from(csv) }))], { cwd }),
    ]
    for (const other of await Promise.all(others)) expect(other.stdout).toBe(plain.stdout)
    expect((await runReplay(['-'], { cwd, stdin: csv })).stdout).toBe(plain.stdout)
  })

  it('several files are one stream in the order given, whatever the format of each', async () => {
    const whole = await runReplay([file('whole.csv', HEADER + csvRows('ABC', 0, 300))], { cwd })
    const parts = [
      file('1.csv', HEADER + csvRows('ABC', 0, 90)),
      file('2.csv.gz', gzipSync(HEADER + csvRows('ABC', 90, 110))),
      file('3.zip', zipOf({ 'x.csv': Buffer.from(HEADER + csvRows('ABC', 200, 100)) })),
    ]
    expect((await runReplay(parts, { cwd })).stdout).toBe(whole.stdout)
  })

  it('what it emits as NDJSON it reads again', async () => {
    const csv = file('a.csv', HEADER + csvRows('ABC', 0, 100))
    const trades = await runReplay([csv, '--emit', 'trades', '--venue', 'mine'], { cwd })
    expect(eventsOf(trades, 'trade')).toHaveLength(100)
    const again = await runReplay(['-', '--emit', 'trades'], { cwd, stdin: trades.stdout })
    expect(again.stdout).toBe(trades.stdout)
  })

  it('an empty file has no events and is no error', async () => {
    const run = await runReplay([file('empty', ''), file('empty.gz', gzipSync(''))], { cwd })
    expect(run).toMatchObject({ code: 0, stdout: '', summary: { lines: '0', 'time span': 'none' } })
  })

  it('a file that is missing is named before anything is read', async () => {
    const run = await runReplay([file('a.csv', HEADER + csvRows('ABC', 0, 10)), 'absent.csv'], { cwd })
    expect(run).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('absent.csv: cannot be opened') })
  })

  it('a directory, and a file of no known format, are named', async () => {
    expect(await runReplay(['.'], { cwd })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is a directory'),
    })
    const run = await runReplay([file('poem.txt', 'hello\nworld\n')], { cwd })
    expect(run).toMatchObject({ code: 1, stdout: '' })
    expect(run.stderr).toMatch(/poem\.txt: the format cannot be told .*"hello".*--format names one/)
  })

  it('a file that was cut short gives what it holds, says so, and the next file is read', async () => {
    const packed = gzipSync(HEADER + csvRows('ABC', 0, 5000))
    const torn = file('torn.csv.gz', packed.subarray(0, packed.length - 400))
    const run = await runReplay([torn, file('next.csv', HEADER + csvRows('NEXT', 0, 10)), '--emit', 'trades'], { cwd })
    expect(run.code).toBe(1)
    expect(run.stderr).toContain('torn.csv.gz')
    expect(run.summary['cut short']).toMatch(/^1 input/)
    const symbols = eventsOf(run, 'trade').map(({ symbol }) => symbol)
    expect(symbols.filter((symbol) => symbol === 'NEXT')).toHaveLength(10)
    expect(symbols.indexOf('NEXT')).toBeGreaterThan(1000)
  })
})

describe('choices', { timeout: 60_000 }, () => {
  const csv = () => file('two.csv', HEADER + csvRows('ABC', 0, 400) + csvRows('XYZ', 400, 400))

  it('--emit names the kinds, candles and alerts where it is absent', async () => {
    const input = csv()
    const kinds = async (...args: string[]) => {
      const run = await runReplay([input, ...args], { cwd })
      return [...new Set(run.events.map(({ type }) => type))].sort()
    }
    expect(await kinds()).toEqual(['alert', 'candle'])
    expect(await kinds('--emit', 'trades')).toEqual(['trade'])
    expect(await kinds('--emit', 'trades,candles')).toEqual(['candle', 'trade'])
  })

  it('--interval, --symbol, --venue and --final-only narrow what comes out', async () => {
    const args = ['--interval', '1m,5m', '--symbol', 'XYZ', '--venue', 'mine', '--final-only']
    const run = await runReplay([csv(), ...args], { cwd })
    const candles = eventsOf(run, 'candle')
    expect(new Set(candles.map(({ interval }) => interval))).toEqual(new Set(['1m', '5m']))
    for (const candle of candles) expect(candle).toMatchObject({ symbol: 'XYZ', venue: 'mine', isFinal: true })
    expect(candles.reduce((sum, { interval, tradeCount }) => sum + (interval === '1m' ? tradeCount : 0), 0)).toBe(400)
    expect(run.summary['passed over']).toContain('symbol not asked for 400')
  })

  it('without --final-only provisional candles come before the final one', async () => {
    const run = await runReplay([csv(), '--interval', '1m'], { cwd })
    const first = eventsOf(run, 'candle').filter(
      ({ symbol, openTimeMs }) => symbol === 'ABC' && openTimeMs === START_MS,
    )
    expect(first.length).toBeGreaterThan(5)
    expect(first.map(({ isFinal }) => isFinal).indexOf(true)).toBe(first.length - 1)
  })
})

const BAD_LINES: readonly (readonly [line: string, reason: string])[] = [
  ['{"type":"trade","venue":', 'malformed'],
  ['\u0000\u0001 binary \u001b', 'malformed'],
  ['42', 'unknown-shape'],
  ['null', 'unknown-shape'],
  ['{"kind":"trade"}', 'unknown-shape'],
  [trade({ symbol: '' }), 'invalid-symbol'],
  [trade({ symbol: 7 }), 'invalid-symbol'],
  [trade({ symbol: 'x'.repeat(65) }), 'invalid-symbol'],
  [trade({ price: 'NaN' }), 'invalid-price'],
  [trade({ price: 'Infinity' }), 'invalid-price'],
  [trade({ price: '-1' }), 'invalid-price'],
  [trade({ price: '0' }), 'invalid-price'],
  [trade({ price: null }), 'invalid-price'],
  [trade({ quantity: '-2' }), 'invalid-quantity'],
  [trade({ quantity: {} }), 'invalid-quantity'],
  [trade({ eventTimeMs: Date.parse('0001-01-01T00:00:00Z') }), 'invalid-time'],
  [trade({ eventTimeMs: Date.parse('9999-12-31T00:00:00Z') }), 'invalid-time'],
  [trade({ eventTimeMs: 'noon' }), 'invalid-time'],
  [trade({ id: 1.5 }), 'invalid-id'],
  [trade({ id: -3 }), 'invalid-id'],
  [trade({ takerSide: 'up' }), 'invalid-side'],
  [trade({ price: '9'.repeat(40) }), 'overflow'],
  [trade({ price: '1e999' }), 'overflow'],
]

describe('bad lines', { timeout: 60_000 }, () => {
  it('of every kind are counted by reason and told with file and line, and the good ones around them count', async () => {
    const lines = BAD_LINES.flatMap(([line], index) => [trade({ id: index }), line])
    const run = await runReplay([file('bad.ndjson', `${lines.join('\n')}\n`), '--emit', 'trades'], { cwd })
    expect(run.code).toBe(0)
    expect(eventsOf(run, 'trade').map(({ id }) => id)).toEqual(BAD_LINES.map((_, index) => index))
    const counts: Record<string, number> = {}
    for (const [, reason] of BAD_LINES) counts[reason] = (counts[reason] ?? 0) + 1
    expect(countsOf(run.summary['bad lines'])).toEqual(counts)
    expect(run.stderr).toMatch(/^bad\.ndjson:2: malformed: /m)
  })

  it('of a capture are counted the same way', async () => {
    const data = (fields: object) => {
      const valid = { e: 'trade', E: START_MS, s: 'BTCUSDT', t: 1, p: '1.5', q: '2', T: START_MS, m: true }
      return `${START_MS} ${JSON.stringify({ stream: 'btcusdt@trade', data: { ...valid, ...fields } })}`
    }
    const lines = [
      data({}),
      data({}).slice(0, 60),
      data({ p: '-1' }),
      data({ q: 'NaN' }),
      data({ T: 'x' }),
      data({ t: 2 }),
    ]
    const run = await runReplay([file('capture', `${lines.join('\n')}\n`), '--emit', 'trades'], { cwd })
    expect(run.code).toBe(0)
    expect(eventsOf(run, 'trade').map(({ id }) => id)).toEqual([1, 2])
    expect(run.summary['bad lines']).toMatch(/^4 /)
  })

  it('a line of 100 MB is counted as too long, and the next line is read', async () => {
    const line = Buffer.alloc(100 * 1024 * 1024, 'x')
    const content = Buffer.concat([Buffer.from(`${trade({ id: 1 })}\n`), line, Buffer.from(`\n${trade({ id: 2 })}\n`)])
    const run = await runReplay([file('long.ndjson', content), '--emit', 'trades'], { cwd })
    expect(run).toMatchObject({ code: 0, summary: { lines: '3', 'bad lines': '1 (too-long 1)' } })
    expect(eventsOf(run, 'trade').map(({ id }) => id)).toEqual([1, 2])
  })

  it('ends quietly where nobody reads on', async () => {
    const input = file('many.csv', HEADER + csvRows('ABC', 0, 50_000))
    const program = Program.start(['replay', input, '--emit', 'trades'], { cwd })
    const head = spawn('head', ['-1'])
    program.process.stdout!.pipe(head.stdin)
    head.stdin.on('error', () => undefined)
    let shown = ''
    head.stdout.on('data', (text: Buffer) => {
      shown += text.toString()
    })
    await once(head, 'close')
    program.process.stdout!.destroy()
    const end = await poll('the end after head has gone', () => program.end)
    expect(shown.trim().split('\n')).toHaveLength(1)
    expect(end).toMatchObject({ code: 0, signal: null })
    expect(end.stderr).not.toMatch(/EPIPE|defect|Error/)
  })
})

/** `16 (unknown-shape 3, …)` as numbers by name. */
function countsOf(text: string | undefined): Record<string, number> {
  return Object.fromEntries(
    [...(text ?? '').matchAll(/([a-z-]+) (\d+)/g)].map(([, name, count]) => [name, Number(count)]),
  )
}
