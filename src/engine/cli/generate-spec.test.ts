import { linkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { removeTempDirectories, tempDirectory } from '../../../tests/support/temp-directory.ts'
import { checkLabelPath, formatOf, type PlaceFlags, placeOf } from './generate-place.ts'
import { type SpecFlags, specOf, unusedSettings } from './generate-spec.ts'

afterEach(removeTempDirectories)

const DEFAULTS: SpecFlags = {
  kind: 'trades',
  pace: true,
  shape: 'constant',
  seed: '1',
  startTime: '2026-01-01T00:00:00Z',
}
const specFrom = (flags: Partial<SpecFlags & PlaceFlags>) =>
  specOf({ ...DEFAULTS, ...flags }, formatOf(placeOf(flags), flags.format))

const WRONG: [Partial<SpecFlags & PlaceFlags>, string][] = [
  [{ kind: ' ' }, '--kind: expected any of trades, quotes, payments'],
  [{ kind: 'trades,quotes', format: 'csv' }, '--format csv: takes one --kind, got trades,quotes'],
  [{ rate: '0' }, '--rate: expected more than 0'],
  [{ symbols: '10001' }, '--symbols: expected a whole number from 1 to 10000, got "10001"'],
  [{ symbols: 'A B,"' }, '--symbols: """ is no symbol'],
  [{ startTime: 'yesterday' }, '--start-time: expected ISO 8601'],
  [{ seed: '1.5' }, '--seed: expected a whole number of at least 0, got "1.5"'],
  [{ shape: 'missing.yaml' }, '--shape missing.yaml'],
  [{ hours: 'night' }, '--hours: "night" is none of them'],
  [{ anomalies: 'flash-crush=1' }, '--anomalies: expected all, flash-crash'],
  [{ market: 'bonds' }, '--market: "bonds" is none of them; allowed: equity, crypto'],
  [{ dirty: 'lat=1%' }, '--dirty: "lat" is none of them, did you mean "late"?'],
  [{ dirty: 'late=90%' }, '--dirty late: expected 0 to 50 %, got 90 %'],
  [{ dirty: 'late=x' }, '--dirty: expected a share from 0 to 1, or in %, as in late=0.1%, got "late=x"'],
  [{ dirty: 'late=50%,missing=40%,malformed=20%' }, '--dirty: expected at most 100 % in all'],
  [{ dirty: 'late=1%', format: 'columnar' }, '--dirty: spoils lines, of --format ndjson or csv, got columnar'],
  [{ sink: 'kafka' }, '--sink: "kafka" is none of them; allowed: stdout, file, log, http, websocket'],
  [{ sink: 'http', out: 'a.txt' }, '--out: expected http://host:port/path, got "a.txt"'],
  [{ sink: 'file' }, '--sink file: expected --out, a path'],
  [{ sink: 'log' }, '--sink log: expected --data-dir DIR'],
  [{ sink: 'log', dataDir: 'd', out: 'x' }, '--out: not with --sink log'],
  [{ sink: 'log', dataDir: 'd', format: 'csv' }, '--format csv: the log keeps columnar batches'],
  [{ dataDir: 'd' }, '--data-dir: only with --sink log'],
  [{ format: 'parquet' }, '--format parquet: only into a file, got --sink stdout'],
  [{ format: 'parquet', out: 'a.gz' }, '--format parquet: is compressed inside'],
  [{ format: 'parquet', kind: 'trades,quotes', out: 'a' }, '--format parquet: takes one --kind, got trades,quotes'],
  [{ kind: 'payments', fraud: 'fan=1%' }, '--fraud: "fan" is none of them'],
  [{ kind: 'payments', fraud: 'fan-in=20%' }, 'payments.scenarios.fan-in.share: expected 0 to 0.03, got 0.2'],
  [{ kind: 'payments', labelDelay: '2 days' }, '--label-delay: expected a duration'],
  [{ paymentsRate: '5' }, '--payments-rate: only with --kind payments'],
  [{ fraud: 'fan-in=1%' }, '--fraud: only with --kind payments'],
  [{ kind: 'payments', paymentsRate: '5' }, '--payments-rate: only with --kind trades or quotes'],
  [{ kind: 'payments', anomalies: 'all=1' }, '--anomalies: only with --kind trades or quotes'],
  [{ kind: 'payments', symbols: '5' }, '--symbols: only with --kind trades or quotes'],
  [{ dirty: 'late=1%,late=2%' }, '--dirty: late is there twice'],
  [{ dirty: 'late=40%,missing=40%,duplicate=40%' }, 'expected at most 100 % in all, got 120 %'],
  [{ symbols: 'AAPL,MSFT,AAPL' }, '--symbols: AAPL is there twice'],
  [{ shape: 'foo' }, '--shape: expected constant, ramp, burst, diurnal or a file of stages, got "foo"'],
  [{ out: 'ftp://host/file' }, '--out: expected a file or http://, https://, ws://, wss://…, got "ftp://host/file"'],
]

describe('flags of generate', () => {
  it.each(WRONG)('%j are refused', (flags, text) => {
    expect(() => specFrom(flags)).toThrow(expect.objectContaining({ code: 'config-invalid' }))
    expect(() => specFrom(flags)).toThrow(text)
  })

  it('let the sink follow from the place', () => {
    expect(placeOf({})).toEqual({ sink: 'stdout' })
    expect(placeOf({ out: '-' })).toEqual({ sink: 'stdout' })
    expect(placeOf({ out: 'a/b.csv' })).toEqual({ sink: 'file', out: 'a/b.csv' })
    expect(placeOf({ out: 'https://a/b' })).toEqual({ sink: 'http', out: 'https://a/b' })
    expect(placeOf({ out: 'ws://a' })).toEqual({ sink: 'websocket', out: 'ws://a' })
    expect(placeOf({ sink: 'log', dataDir: 'd' })).toEqual({ sink: 'log', dataDir: 'd' })
  })

  it('refuse labels that would go into the file of the events, also by another name', () => {
    const directory = tempDirectory()
    const [out, link] = [join(directory, 'a.ndjson'), join(directory, 'b.ndjson')]
    const check = (path: string, place: string) => () => checkLabelPath(path, { sink: 'file', out: place })
    expect(check(out, join(directory, '.', 'a.ndjson'))).toThrow(`--labels, --out: expected two files, got ${out}`)
    writeFileSync(out, '')
    linkSync(out, link)
    expect(check(link, out)).toThrow('expected two files')
    expect(check('-', out)).toThrow('--labels: expected a file, got "-"')
    expect(check(join(directory, 'c.ndjson'), out)).not.toThrow()
    expect(check('/dev/null', '/dev/null')).not.toThrow()
  })

  it('give each kind its rate', () => {
    const both = specFrom({ kind: 'trades,payments', rate: '500' })
    expect(both.market?.rate).toEqual({ ratePerSecond: 500 })
    expect(both.payments?.rate).toEqual({ ratePerSecond: 50 })
    expect(specFrom({ kind: 'payments,quotes', paymentsRate: '7' }).payments?.rate).toEqual({ ratePerSecond: 7 })
    expect(specFrom({ kind: 'payments', rate: '500' }).payments?.rate).toEqual({ ratePerSecond: 500 })
  })
})

describe('files of settings', () => {
  it('take market and payments from the file of `up`, and flags before it', () => {
    const path = join(tempDirectory(), 'finpulse.yaml')
    writeFileSync(
      path,
      `port: 9000
feed: { hours: nyse, ratePerSecond: 9, models: { AAPL: { price: 100 } }, anomalies: { labelDelay: 1m, ratesPerDay: { stale-feed: 1 } } }
payments:
  customerCount: 5000
  scenarios: { fan-in: { share: 0.01, span: 2d } }
  labels: { median: 1h, missingShare: 0.2 }
`,
    )
    const flags = { kind: 'trades,payments', config: path, fraud: 'fan-in=2%,cycle=0', labelDelay: '90d' }
    const { market, payments } = specFrom({ ...flags, symbols: 'AAPL,B', anomalies: 'fat-finger=2' })
    expect(market).toMatchObject({
      symbols: ['AAPL', 'B'],
      rate: { ratePerSecond: 1000 },
      rules: { market: 'equity', hours: 'nyse', models: { AAPL: { price: 100 } } },
      anomalies: { ratesPerDay: { 'stale-feed': 1, 'fat-finger': 2 }, labelDelayMs: 60_000 },
    })
    const { options } = payments!
    expect(options.customerCount).toBe(5000)
    expect(options.scenarios['fan-in']).toMatchObject({ share: 0.02, spanHours: 48, sizeMin: 4 })
    expect(options.scenarios.cycle.share).toBe(0)
    expect(options.labels).toMatchObject({ medianHours: 2160, maxHours: 8784, missingShare: 0.2 })
  })

  it('take the bounds of the delay with its median', () => {
    const { options } = specFrom({ kind: 'payments', labelDelay: '14h' }).payments!
    expect(options.labels).toMatchObject({ medianHours: 14, minHours: 0.5, maxHours: 120 })
  })

  it.each([
    ['{ duration: 5s, from: 1e9 }', 'from: expected 0 to 100000000 events/s'],
    ['{ duration: 5s, from: 5, too: 3 }', 'too: no such setting; expected duration, from, to'],
    ['{ from: 5 }', 'duration: expected a duration'],
  ])('refuse the stage %s', (stage, text) => {
    const path = join(tempDirectory(), 'shape.yaml')
    writeFileSync(path, `stages: [${stage}]\n`)
    expect(() => specFrom({ shape: path })).toThrow(`--shape ${path}: stages[0].${text}`)
  })

  it('give payments beside a market their part of the stages of a file', () => {
    const path = join(tempDirectory(), 'shape.yaml')
    writeFileSync(path, 'stages: [{ duration: 10s, from: 100, to: 500 }]\n')
    const stagesOf = (flags: Partial<SpecFlags>) => specFrom({ shape: path, ...flags }).payments?.rate
    const stage = (part: number) => ({
      stages: [{ durationSeconds: 10, fromPerSecond: 100 * part, toPerSecond: 500 * part }],
    })
    expect(stagesOf({ kind: 'payments' })).toEqual(stage(1))
    expect(stagesOf({ kind: 'trades,payments' })).toEqual(stage(0.1))
    expect(stagesOf({ kind: 'trades,payments', rate: '500', paymentsRate: '125' })).toEqual(stage(0.25))
  })

  it('name the settings of a file that flags say instead', () => {
    const path = join(tempDirectory(), 'finpulse.yaml')
    writeFileSync(path, 'feed: { hours: nyse, seed: 5 }\npayments: { seed: 7, ratePerSecond: 9, customerCount: 900 }\n')
    const unused = unusedSettings({ ...DEFAULTS, config: path })
    expect(unused).toEqual(['feed.seed', 'payments.seed', 'payments.ratePerSecond'])
    expect(unusedSettings(DEFAULTS)).toEqual([])
  })

  it('name the file and the setting where it is wrong', () => {
    const path = join(tempDirectory(), 'finpulse.yaml')
    writeFileSync(path, 'paiments: { seed: 1 }\n')
    expect(() => specFrom({ config: path })).toThrow(
      `--config ${path}: paiments: no such setting, did you mean "payments"?`,
    )
    writeFileSync(path, 'payments: { scenarios: { fanin: { share: 1 } } }\n')
    expect(() => specFrom({ kind: 'payments', config: path })).toThrow(
      `--config ${path}: payments.scenarios.fanin: no such setting, did you mean "fan-in"?`,
    )
    writeFileSync(path, 'feed: { hour: nyse }\n')
    expect(() => specFrom({ config: path })).toThrow(
      `--config ${path}: feed.hour: no such setting, did you mean "hours"?`,
    )
  })

  it('give a market the symbols that it has where none are named', () => {
    expect(specFrom({ market: 'crypto' }).market?.symbols[0]).toBe('BTCUSDT')
    expect(specFrom({ symbols: '11' }).market?.symbols.slice(-2)).toEqual(['JNJ', 'S0010'])
  })
})
