import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import type { GeneratorSummary } from '../../src/engine/generate/generator-run.ts'
import type { Gap } from '../../src/events/gap.ts'
import { poll } from '../support/poll.ts'
import { killAllPrograms, Program } from '../support/program.ts'
import { removeTempDirectories, tempDirectory } from '../support/temp-directory.ts'

afterEach(async () => {
  await killAllPrograms()
  await removeTempDirectories()
})

const generate = (...flags: string[]) => Program.run(['generate', ...flags], { cwd: tempDirectory() })
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')
const summaryOf = (text: string) => JSON.parse(text.trim().split('\n').at(-1)!) as GeneratorSummary

describe('finpulse generate', () => {
  it('gives the same bytes whole and in pieces, and others for another seed', async () => {
    const flags = ['--kind', 'trades,quotes', '--symbols', '25']
    const [whole, first, second, other] = await Promise.all([
      generate(...flags, '--count', '20000'),
      generate(...flags, '--count', '12345'),
      generate(...flags, '--from', '12345', '--count', '7655'),
      generate(...flags, '--count', '20000', '--seed', '2'),
    ])
    expect(whole.code).toBe(0)
    expect(hashOf(first.stdout + second.stdout)).toBe(hashOf(whole.stdout))
    expect(hashOf(other.stdout)).not.toBe(hashOf(whole.stdout))
    // Kept, so that a change of the market does not pass unnoticed.
    expect(hashOf(whole.stdout)).toMatchInlineSnapshot(
      `"b1626af26ee0e22f519a5f930cf7c2b86c63700aa64c85d3b32b93d2e02de015"`,
    )
  })

  it('is read back by replay', async () => {
    const directory = tempDirectory()
    for (const format of ['ndjson', 'csv']) {
      const file = join(directory, `trades.${format}.gz`)
      const made = await generate('--count', '3000', '--format', format, '--out', file)
      expect(made.stderr).toContain('3,000 trades')
      const replayed = await Program.run(['replay', file, '--emit', 'trades', '--venue', 'sim'], { cwd: directory })
      expect(replayed.stdout.split('\n').length - 1, format).toBe(3000)
      expect(replayed.stderr, format).toMatch(/bad lines +0/)
    }
    expect(
      gunzipSync(readFileSync(join(directory, 'trades.csv.gz')))
        .toString()
        .split('\n')[0],
    ).toBe('time,venue,symbol,price,quantity,side,id')
  })
})

describe('finpulse generate, by format, place and kind', () => {
  it('makes on two threads what one makes, and replay reads the same of every format', async () => {
    const directory = tempDirectory()
    const formats = ['ndjson', 'columnar', 'parquet']
    const replays = await Promise.all(
      formats.map(async (format, index) => {
        const file = join(directory, `trades.${format}`)
        const shards = ['--shards', String(1 + index)]
        expect(await generate('--count', '70000', '--format', format, '--out', file, ...shards)).toMatchObject({
          code: 0,
        })
        const { stdout } = await Program.run(['replay', file, '--emit', 'trades'], { cwd: directory })
        return [stdout.split('\n').length - 1, hashOf(stdout)]
      }),
    )
    expect(replays.map(([count]) => count)).toEqual([70_000, 70_000, 70_000])
    expect(new Set(replays.map(([, hash]) => hash)).size).toBe(1)
  })

  it('makes on two threads more than may wait for a file, the same as on one', async () => {
    const cwd = tempDirectory()
    const hashes = await Promise.all(
      ['1', '2'].map(async (shards) => {
        const flags = ['--count', '150000', '--out', `${shards}.ndjson`, '--shards', shards, '--json']
        const { stdout } = await Program.run(['generate', ...flags], { cwd })
        expect(summaryOf(stdout)).toMatchObject({ nextIndex: 150_000 })
        const text = readFileSync(join(cwd, `${shards}.ndjson`), 'utf8')
        expect(text.length).toBeGreaterThan(16 << 20)
        return hashOf(text)
      }),
    )
    expect(hashes[1]).toBe(hashes[0])
  })

  it('fills a log, and goes on with it when it is told to go further', async () => {
    const directory = tempDirectory()
    const flags = ['--sink', 'log', '--data-dir', directory, '--kind', 'trades,payments', '--labels', '--json']
    const first = await generate(...flags, '--count', '1000', '--label-delay', '1s')
    expect(summaryOf(first.stdout)).toMatchObject({ nextIndex: 1000, sink: `the log in ${directory}` })
    const again = await generate(...flags, '--count', '1000', '--label-delay', '1s')
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('has all of it, up to event 1000') })
    const further = await generate(...flags, '--count', '2500', '--label-delay', '1s')
    expect(further.stderr).toContain('goes on at event 1000')
    expect(summaryOf(further.stdout).nextIndex).toBe(2500)
    const other = await generate(...flags, '--count', '2500')
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('was generated with another payments') })
  })

  it('makes payments, the same whole and in pieces, and the labels of frauds apart', async () => {
    const directory = tempDirectory()
    const labels = join(directory, 'labels.ndjson')
    const flags = ['--kind', 'payments', '--rate', '0.5', '--no-pace']
    const [whole, first, second] = await Promise.all([
      generate(...flags, '--count', '4000'),
      generate(...flags, '--count', '1500'),
      generate(...flags, '--from', '1500', '--count', '2500'),
    ])
    expect(first.stdout + second.stdout).toBe(whole.stdout)
    expect(whole.stdout).not.toContain('fraud')
    const long = ['--duration', '20d', '--out', join(directory, 'payments.ndjson.gz'), '--labels', labels]
    expect(await generate(...flags, ...long)).toMatchObject({ code: 0 })
    expect(readFileSync(labels, 'utf8').trim().split('\n').length).toBeGreaterThan(1000)
    const burst = ['--rate', '50000', '--no-pace', '--count', '100000', '--out', join(directory, 'burst.ndjson')]
    await generate('--kind', 'payments', ...burst, '--label-delay', '0s', '--labels', labels)
    expect(readFileSync(labels, 'utf8').trim().split('\n').length).toBeGreaterThan(500)
  })
})

describe('finpulse generate, on a disk that is full', () => {
  const fileMaxBytes = 3 << 20
  const failing = async (...flags: string[]) => {
    const cwd = tempDirectory()
    const end = await Program.run(['generate', '--count', '3000000', '--json', ...flags], { cwd, fileMaxBytes })
    expect(end).toMatchObject({ code: 1, stderr: expect.stringMatching(/too large/i) })
    return { cwd, ...(JSON.parse(end.stdout) as GeneratorSummary) }
  }

  it.each(['trades.ndjson', 'trades.ndjson.gz', 'trades.csv', 'trades.columnar'])(
    'leaves in %s whole events, up to the one to go on with',
    async (name) => {
      const format = name.split('.')[1]!
      const { cwd, nextIndex, bytes } = await failing('--format', format, '--out', name)
      expect(nextIndex).toBeGreaterThan(0)
      expect(statSync(join(cwd, name)).size).toBe(bytes)
      if (name.endsWith('.gz')) gunzipSync(readFileSync(join(cwd, name)))
      const replayed = await Program.run(['replay', name, '--emit', 'trades', '--venue', 'sim'], { cwd })
      expect(replayed.stderr).toMatch(/bad lines +0/)
      expect(replayed.stdout.split('\n').length - 1).toBe(nextIndex)
      expect(replayed.stdout.trim().split('\n').at(-1)).toContain(`"eventTimeMs":${1767225600000 + nextIndex - 1}`)
    },
  )

  it('has no Parquet file, and says that nothing is there', async () => {
    const { cwd, nextIndex, events, bytes } = await failing('--format', 'parquet', '--out', 'trades.parquet')
    expect({ nextIndex, events, bytes }).toEqual({ nextIndex: 0, events: {}, bytes: 0 })
    expect(readdirSync(cwd)).toEqual([])
  })

  it('leaves no labels of events that are not there', async () => {
    const flags = ['--rate', '100', '--no-pace', '--kind', 'trades,payments', '--label-delay', '0s']
    const { cwd, nextIndex, events } = await failing(...flags, '--out', 'both.ndjson', '--labels', 'labels.ndjson')
    const labels = readFileSync(join(cwd, 'labels.ndjson'), 'utf8').trim().split('\n')
    expect(labels).toHaveLength(events.labels!)
    const rest = [
      '--from',
      String(nextIndex),
      '--count',
      '20000',
      '--out',
      'rest.ndjson',
      '--labels',
      'rest-labels.ndjson',
    ]
    await Program.run(['generate', ...flags, ...rest], { cwd })
    const whole = ['--count', String(nextIndex + 20_000), '--out', 'whole.ndjson', '--labels', 'whole-labels.ndjson']
    await Program.run(['generate', ...flags, ...whole], { cwd })
    const text = (name: string) => readFileSync(join(cwd, name), 'utf8')
    expect(hashOf(text('both.ndjson') + text('rest.ndjson'))).toBe(hashOf(text('whole.ndjson')))
    expect(text('labels.ndjson') + text('rest-labels.ndjson')).toBe(text('whole-labels.ndjson'))
  })
})

describe('finpulse generate, as a program', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends in order by %s, with an exit code that tells a part from the whole', async (signal, code) => {
    const cwd = tempDirectory()
    const flags = ['--rate', '1000', '--duration', '60s', '--out', 'part.ndjson', '--json']
    const program = Program.start(['generate', ...flags], { cwd })
    await poll('some events', () => existsSync(join(cwd, 'part.ndjson')) && statSync(join(cwd, 'part.ndjson')).size > 0)
    program.process.kill(signal)
    const end = await program.waitUntilEnded(10_000)
    expect(end.code).toBe(code)
    const { nextIndex } = summaryOf(end.stdout)
    expect(readFileSync(join(cwd, 'part.ndjson'), 'utf8').trim().split('\n')).toHaveLength(nextIndex)
  })

  it('spoils what it is told to, and replay takes it for what it is', async () => {
    const directory = tempDirectory()
    const rates = 'late=3%,out-of-order=5%,duplicate=2%,missing=1%,malformed=1%,oversized=0.02%,clock-skewed=0.5%'
    const file = join(directory, 'dirty.ndjson')
    // A minute of market time: what is late by seconds mostly comes before its end.
    const flags = ['--count', '6000', '--rate', '100', '--no-pace', '--dirty', rates, '--json', '--out', file]
    const { late, missing, duplicate, malformed, oversized } = summaryOf((await generate(...flags)).stdout).events
    const replayed = await Program.run(['replay', file, '--emit', 'gaps'], { cwd: directory })
    expect(replayed.stderr).toMatch(new RegExp(`bad lines +${malformed! + oversized!} `))
    expect(replayed.stderr).toMatch(new RegExp(`duplicates +${duplicate}\n`))
    const gaps = replayed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Gap)
    const missed = gaps.reduce((sum, gap) => sum + gap.missingCount, 0)
    // What never came, could not be read or came later than is waited for; the first and last trades of a symbol are
    // missed by nobody, and a skewed clock may close a gap early.
    const unseen = missing! + malformed! + oversized! + late!
    expect(missed).toBeLessThan(unseen + 30)
    expect(missed).toBeGreaterThan(unseen * 0.8)
  })
})

describe('a run of finpulse generate', () => {
  it('keeps the rate by the clock and reports what is late', async () => {
    const { stdout, stderr } = await generate('--rate', '2000', '--duration', '1s', '--json')
    // Beside the events, the summary goes to standard error.
    const summary = summaryOf(stderr)
    expect(stdout.split('\n').length - 1).toBe(2000)
    expect(summary).toMatchObject({ events: { trades: 2000 }, nextIndex: 2000 })
    expect(summary.seconds).toBeGreaterThan(0.95)
    expect(summary.lagMs?.p50).toBeGreaterThan(0)
  })

  it('follows a shape from a file', async () => {
    const directory = tempDirectory()
    const shape = join(directory, 'shape.yaml')
    writeFileSync(shape, 'stages:\n  - { duration: 10s, from: 0, to: 100 }\n  - { duration: 10s, from: 10 }\n')
    const { stderr } = await generate('--shape', shape, '--duration', '20s', '--json')
    expect(summaryOf(stderr).events.trades).toBe(600)
  })

  it('sends pieces to an address and says when it refuses them', async () => {
    let received = ''
    const server = createServer((request, response) => {
      request.on('data', (piece: Buffer) => {
        received += piece.toString()
      })
      request.on('end', () => response.writeHead(request.url === '/full' ? 507 : 204).end())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      await generate('--count', '500', '--out', `${url}/events`)
      expect(received.split('\n').length - 1).toBe(500)
      const refused = await generate('--count', '5', '--out', `${url}/full`)
      expect(refused.code).toBe(1)
      expect(refused.stderr).toContain('answered 507')
    } finally {
      server.close()
    }
  })

  it('names what is wrong with a flag', async () => {
    // The others are in src/engine/cli/generate-flags.test.ts.
    const calls: [string[], string][] = [
      [['--kind', 'trade'], 'did you mean "trades"?'],
      [['--count', '5', '--duration', '1s'], '--count, --duration: give one of them'],
      [['--kind', 'payments', '--labels'], '--labels: expected a file'],
      [['--labels', 'l'], '--labels: only with --kind payments'],
      [['--sink', 'log', '--data-dir', '/dev/null/x'], '--data-dir: cannot create /dev/null/x/log'],
      [['--sink', 'log', '--data-dir', '/proc/x'], '--data-dir: cannot create /proc/x/log'],
      [['--duration', '0s'], '--duration: expected more than 0, got "0s" [config-invalid]'],
      [['--from', '1e15'], '--from: expected event times before 2100, that is events up to 2335219200000 at this rate'],
      [['--duration', '40000d', '--hours', 'nyse'], '--from, --duration: expected event times before 2100'],
    ]
    const ends = await Promise.all(calls.map(([flags]) => generate(...flags)))
    ends.forEach(({ code, stderr, stdout }, index) => {
      expect(stderr).toContain(calls[index]![1])
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    })
  })
})
