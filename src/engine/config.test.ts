import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { upConfig } from './cli/settings.ts'
import { checkConfig, mergeSettings, readConfigFile, settingsFromEnvironment, suggest } from './config.ts'

const directories: string[] = []

function configFile(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'finpulse-config-'))
  directories.push(directory)
  const path = join(directory, 'finpulse.yaml')
  writeFileSync(path, text)
  return path
}

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
})

describe('the configuration', () => {
  it('is complete without a word said', () => {
    const config = checkConfig({}, 'nothing')
    expect(config).toMatchObject({ host: '127.0.0.1', port: 8000, logLevel: 'info', log: { retention: 604_800_000 } })
    expect(config.feed).toMatchObject({ type: 'simulator', ratePerSecond: 100, seed: 1, backfill: 86_400_000 })
    expect(config.processing.zScore).toMatchObject({ windowCount: 30, mediumThreshold: 2.5, highThreshold: 3.5 })
  })

  it.each([
    [{ prot: 1 }, 'file: prot: no such setting, did you mean "port"?'],
    [{ log: { retentoin: '1d' } }, 'file: log.retentoin: no such setting, did you mean "retention"?'],
    [
      { feed: { type: 'simulator', ratepersecond: 5 } },
      'file: feed.ratepersecond: no such setting, did you mean "ratePerSecond"?',
    ],
  ])('%j is refused with a suggestion', (settings, message) => {
    expect(() => checkConfig(settings, 'file')).toThrow(message)
  })

  it('a name that resembles none is answered with those there are', () => {
    expect(suggest('telemetry', ['host', 'port'])).toBe('; allowed: host, port')
  })

  it('every bad value is named, with what it is, in one error', () => {
    const settings = {
      port: 70_000,
      logLevel: 'loud',
      log: { partitions: 0, retention: 'soon' },
      feed: { type: 'simulator', symbols: [], ratePerSecond: -1 },
    }
    const message = (() => {
      try {
        checkConfig(settings, 'file')
        return ''
      } catch (error) {
        return (error as Error).message
      }
    })()
    for (const [path, value] of [
      ['port', '70000'],
      ['logLevel', '"loud"'],
      ['log.partitions', '0'],
      ['log.retention', '"soon"'],
      ['feed.symbols', '[]'],
      ['feed.ratePerSecond', '-1'],
    ]) {
      expect(message).toMatch(new RegExp(`${path}: [^;]*${value!.replace(/[[\]]/g, '\\$&')}`))
    }
  })

  it('a feed of an unknown type is refused by name', () => {
    expect(() => checkConfig({ feed: { type: 'kafak' } }, 'file')).toThrow(/feed\.type: .*"kafak"/)
  })
})

describe('where a setting comes from', () => {
  const path = () => configFile('port: 1111\nhost: 0.0.0.0\nfeed:\n  ratePerSecond: 5\n  seed: 5\n')

  it('a flag goes before the environment, that before the file, that before the default', () => {
    const environment = { PORT: '2222', TRADES_PER_SECOND: '7', SYMBOLS: ' AAPL, msft ' }
    const config = upConfig({ config: path(), port: '3333' }, environment)
    expect(config).toMatchObject({ port: 3333, host: '0.0.0.0', logLevel: 'info' })
    expect(config.feed).toMatchObject({ ratePerSecond: 7, seed: 5, symbols: ['AAPL', 'msft'], backfill: 86_400_000 })
  })

  it('the longer name of a variable goes before the shorter, and an empty one counts as unset', () => {
    expect(settingsFromEnvironment({ PORT: '1', FINPULSE_PORT: '2', SYMBOLS: ' ' })).toEqual({ port: 2 })
  })

  it('lists replace lists, mappings are merged', () => {
    expect(mergeSettings({ a: { b: [1, 2], c: 3 }, d: 4 }, { a: { b: [9] } })).toEqual({ a: { b: [9], c: 3 }, d: 4 })
  })

  it.each([
    [{ port: 'eighty' }, {}, '--port: expected a number, got "eighty"'],
    [{ rate: '' }, {}, '--rate: expected a number, got ""'],
    [{}, { TRADES_PER_SECOND: 'many' }, 'TRADES_PER_SECOND: expected a number, got "many"'],
    [{ backfill: 'yesterday' }, {}, 'feed.backfill: expected a duration such as'],
  ])('flags %j and environment %j are refused where they stand', (flags, environment, message) => {
    expect(() => upConfig(flags, environment)).toThrow(message)
  })

  it.each(['- a\n- b\n', 'port: [1, 2', '"text"'])('a file that says %j is refused by its path', (text) => {
    expect(() => readConfigFile(configFile(text))).toThrow(/^--config .*finpulse\.yaml: /)
  })

  it('an empty file is as good as none, a missing one is not', () => {
    expect(readConfigFile(configFile('# nothing\n'))).toEqual({})
    expect(() => readConfigFile('/nowhere/finpulse.yaml')).toThrow(expect.objectContaining({ code: 'config-invalid' }))
  })
})
