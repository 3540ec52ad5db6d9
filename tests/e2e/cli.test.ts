import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { getJson, statsOf, untilSettled } from '../support/http.ts'
import { inGroups } from '../support/in-groups.ts'
import { poll } from '../support/poll.ts'
import { killAllPrograms, Program, type ProgramEnd } from '../support/program.ts'
import { removeTempDirectories, tempDirectory } from '../support/temp-directory.ts'

/* Calls of the real program that start no server, or only for a moment. */

/** Nothing listens there: settings are checked before anything is opened. */
const UP = ['up', '--port', '0', '--data-dir', 'data', '--backfill', '1s']

let cwd: string
beforeEach(() => {
  cwd = tempDirectory()
})
afterEach(async () => {
  await killAllPrograms()
  await removeTempDirectories()
})

function file(name: string, content: string): string {
  writeFileSync(join(cwd, name), content)
  return name
}

/** What a person reads: lines may be wrapped. */
function told({ stderr }: ProgramEnd): string {
  return stderr.replace(/\s+/g, ' ')
}

describe('help and version', { timeout: 60_000 }, () => {
  it('of the program and of each command go to standard output, with 0', async () => {
    const calls: [string[], RegExp][] = [
      [['--version'], /^\d+\.\d+\.\d+\n$/],
      [['--help'], /Usage: finpulse .*Commands:.* up .* replay /s],
      [['help', 'up'], /Usage: finpulse up .*--data-dir .*Examples:/s],
      [['up', '--help'], /--symbols .*--rate .*--seed .*--backfill .*--port .*--host .*--config .*--log-level /s],
      [
        ['replay', '--help'],
        /--format .*--emit .*--interval .*--symbol .*--venue .*--final-only .*--serve .*--speed /s,
      ],
    ]
    await inGroups(calls, async ([args, text]) => {
      const end = await Program.run(args, { cwd })
      expect({ args, ...end }).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(text) })
    })
  })

  it('without a command is help on standard error, with 2', async () => {
    expect(await Program.run([], { cwd })).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('Usage:'),
    })
  })
})

describe('a call that is wrong', { timeout: 120_000 }, () => {
  const wrongCalls: [string[], string | RegExp][] = [
    [['upp'], /unknown command 'upp' \(Did you mean up\?\)/],
    [['up', '--prot', '1'], /unknown option '--prot' \(Did you mean --port\?\)/],
    [['up', '--port'], /option '--port <port>' argument missing/],
    [['up', 'extra'], /too many arguments/],
    [['replay'], /missing required argument 'files'/],
    [['up', '--port', 'eighty'], '--port: expected a number, got "eighty"'],
    [['up', '--port', '70000'], /port: .*65535, got 70000/],
    [['up', '--port', '1.5'], /port: .*got 1\.5/],
    [['up', '--rate', '0'], /ratePerSecond: .*got 0/],
    [['up', '--rate', 'fast'], '--rate: expected a number, got "fast"'],
    [['up', '--symbols', ' , '], /feed\.symbols: .*got \[\]/],
    [['up', '--symbols', 'AAPL,B;C'], /feed\.symbols\.1: .*got "B;C"/],
    [['up', '--seed', '-1'], /feed\.seed: .*got -1/],
    [
      ['up', '--backfill', 'a day'],
      /feed\.backfill: expected a duration such as .*24h.*, got "a day" \[config-invalid\]$/,
    ],
    [['up', '--log-level', 'loud'], /logLevel: .*"info".*got "loud"/],
    [['up', '--start-time', 'yesterday'], /feed\.startTime: .*got "yesterday"/],
    [['up', '--count', '0'], /feed\.maxCount: .*got 0/],
    [['up', '--config', 'absent.yaml'], /--config absent\.yaml: .*no such file/],
    [['up', '--config', 'torn.yaml'], /--config torn\.yaml: .* at line 2/],
    [['up', '--config', 'list.yaml'], '--config list.yaml: expected a mapping of settings'],
    [['up', '--config', 'unknown.yaml'], /log\.partition: no such setting, did you mean "partitions"\?/],
    [['up', '--config', 'unknown.yaml'], /prot: no such setting, did you mean "port"\?/],
    [[...UP, '--host', '203.0.113.7'], /203\.0\.113\.7:0: expected an address of this machine/],
    [['replay', 'trades.csv', '--format', 'cvs'], '--format: "cvs" is none of them, did you mean "csv"?'],
    [['replay', 'trades.csv', '--emit', 'candle'], '--emit: "candle" is none of them, did you mean "candles"?'],
    [['replay', 'trades.csv', '--interval', '1m,2m'], '--interval: "2m" is none of them'],
    [['replay', 'trades.csv', '--venue', 'my venue'], /--venue: expected .*, got "my venue"/],
    [['replay', 'trades.csv', '--symbol', ','], /--symbol: expected at least one symbol/],
    [['replay', 'trades.csv', '--speed', '10'], '--speed: only with --serve'],
    [['replay', 'trades.csv', '--serve', '--speed', 'warp'], /--speed: .*got "warp"/],
    [['replay', 'trades.csv', '--serve', '--speed', '-1'], /--speed: .*got "-1"/],
    [['replay', '-', '--serve'], /standard input cannot be served/],
  ]

  it('ends with 2 and says on standard error what is wrong', async () => {
    file('torn.yaml', 'symbols: [1\n')
    file('list.yaml', '- 1\n')
    file('unknown.yaml', 'prot: 1\nlog:\n  partition: 3\n')
    file('trades.csv', 'time,symbol,price,quantity\n')
    await inGroups(wrongCalls, async ([args, text]) => {
      const end = await Program.run(args, { cwd })
      const expected = typeof text === 'string' ? expect.stringContaining(text) : expect.stringMatching(text)
      expect({ args, code: end.code, told: told(end).trim() }).toEqual({ args, code: 2, told: expected })
      expect(end.stdout).not.toContain('"serving"')
    })
  })

  it('takes bad environment variables no better than flags', async () => {
    const calls: [Record<string, string>, RegExp][] = [
      [{ PORT: 'http' }, /PORT: expected a number, got "http"/],
      [{ TRADES_PER_SECOND: '-5' }, /ratePerSecond: .*got -5/],
      [{ SYMBOLS: '$$$' }, /feed\.symbols\.0: .*got "\$\$\$"/],
    ]
    await inGroups(calls, async ([env, text]) => {
      expect(await Program.run(['up'], { cwd, env })).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(text),
      })
    })
  })
})

describe('what the machine refuses', { timeout: 60_000 }, () => {
  it('a port in use is named, with 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as AddressInfo
    const end = await Program.run([...UP, '--port', `${port}`], { cwd })
    taken.close()
    expect(end).toMatchObject({ code: 1, stderr: expect.stringContaining(`127.0.0.1:${port}`) })
    expect(end.stderr.trim().split('\n')).toHaveLength(1)
  })

  it('a data directory in use is named, with 1, and its owner goes on', async () => {
    const owner = Program.start(UP, { cwd })
    const url = await owner.serving()
    const end = await Program.run(UP, { cwd })
    expect(end).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/another \w+ is using .*; stop it first, or start with another --data-dir/),
    })
    expect(end.stderr.trim().split('\n')).toHaveLength(1)
    expect(await getJson(`${url}/health`)).toMatchObject({ status: 200 })
    expect(await owner.interrupt()).toMatchObject({ code: 0 })
  })

  it('a data directory that cannot be made is named, with 2', async () => {
    file('occupied', 'a file')
    const end = await Program.run([...UP, '--data-dir', 'occupied/data'], { cwd })
    expect(end).toMatchObject({ code: 2, stderr: expect.stringMatching(/--data-dir: cannot create occupied\/data/) })
  })

  it('a data directory that holds something else is named and left alone', async () => {
    for (const [folder, name] of [
      ['log', 'log.db'],
      ['store', 'store.duckdb'],
    ] as const) {
      mkdirSync(join(cwd, folder, folder), { recursive: true })
      file(`${folder}/${folder}/${name}`, 'a file of another program')
      const end = await Program.run([...UP, '--data-dir', folder], { cwd })
      expect(end).toMatchObject({ code: 1, stderr: expect.stringContaining(`${folder}/${folder}`) })
      expect(end.stderr).not.toContain('this is a defect')
      expect(readFileSync(join(cwd, folder, folder, name), 'utf8')).toBe('a file of another program')
    }
  })
})

describe('settings', { timeout: 60_000 }, () => {
  it('are read from flags before the environment, before the file, before the defaults', async () => {
    const feed = { type: 'simulator', symbols: ['FILE'], ratePerSecond: 7, seed: 5, backfill: '1s' }
    file('settings.json', JSON.stringify({ port: 1, logLevel: 'silent', dataDir: 'from-file', feed }))
    const env = { PORT: '0', SYMBOLS: 'ENV1, ENV2', TRADES_PER_SECOND: '11', FINPULSE_LOG_LEVEL: 'info' }
    const program = Program.start(['up', '--config', 'settings.json', '--symbols', 'FLAG'], { cwd, env })
    const { url, dataDir } = await program.logged('serving')
    expect(dataDir).toBe('from-file')
    const names = await poll('a symbol', async () => {
      const { body } = await getJson<{ data: { symbol: string }[] }>(`${url}/api/v1/symbols`)
      return body.data.length > 0 && body.data.map(({ symbol }) => symbol)
    })
    expect(names).toEqual(['FLAG'])
    expect((await program.interrupt()).code).toBe(0)
  })

  it('SYMBOLS, TRADES_PER_SECOND and PORT are enough', async () => {
    const env = { PORT: '0', SYMBOLS: 'ENV1, ENV2', TRADES_PER_SECOND: '600', FINPULSE_BACKFILL: '10s' }
    const program = Program.start(['up', '--count', '3000'], { cwd, env })
    const url = await program.serving()
    await untilSettled(url)
    const { body } = await getJson<{ data: { symbol: string }[] }>(`${url}/api/v1/symbols`)
    expect(body.data.map(({ symbol }) => symbol).sort()).toEqual(['ENV1', 'ENV2'])
    const { backfill } = await statsOf(url)
    // 3000 trades at 600 a second.
    expect((await newestTradeMs(url)) - backfill!.fromMs).toBeCloseTo(2999 / 0.6, -1)
    expect((await program.interrupt()).code).toBe(0)
  })
})

async function newestTradeMs(url: string): Promise<number> {
  const { body } = await getJson<{ data: { lastTradeTimeMs: number }[] }>(`${url}/api/v1/symbols`)
  return Math.max(...body.data.map(({ lastTradeTimeMs }) => lastTradeTimeMs))
}
