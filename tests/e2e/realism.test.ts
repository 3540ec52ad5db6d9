import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RealismReport } from '../../src/engine/cli/realism-report.ts'
import { killAllPrograms, Program } from '../support/program.ts'
import { removeTempDirectories, tempDirectory } from '../support/temp-directory.ts'

/* `finpulse realism` of recordings. That of a generated market is held in src/engine/cli/realism.test.ts. */

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

/** A trade every 20 s, or with a hole of hours after the first half. */
function trades(symbol: string, minutes: number, holeMs = 0): string {
  const row = (_: unknown, at: number) => {
    const timeMs = START_MS + at * 20_000 + (at >= minutes * 1.5 ? holeMs : 0)
    return `${timeMs},${symbol},${100 + Math.round(9 * Math.sin(at * at))},${1 + (at % 3)}\n`
  }
  return `time,symbol,price,quantity\n${Array.from({ length: minutes * 3 }, row).join('')}`
}

describe('realism of a recording', { timeout: 60_000 }, () => {
  it('says what was looked at, and why a fact is not there', async () => {
    const { code, stdout } = await Program.run(['realism', file('a.csv', trades('ABC', 30, 5 * 3_600_000))], { cwd })
    expect(code).toBe(0)
    expect(stdout).toContain(
      'ABC (file)  2024-03-01T00:00Z to 2024-03-01T05:29Z, 29 minutes; 1 hole of 300 minutes left out',
    )
    expect(stdout).toMatch(/^acf_abs_60 .* n\/a .*: needs 121 minutes, has 29$/m)
    expect(stdout).toContain('Only 29 minutes: the estimates are rough.')
    expect(stdout).toContain('Not known to be crypto: ABC.')
  })

  it('as JSON has null where there is nothing, and each symbol beside the median', async () => {
    const files = [file('a.csv', trades('AUSDT', 60)), file('b.csv.gz', gzipSync(trades('BUSDT', 30)))]
    const { stdout } = await Program.run(['realism', ...files, '--json'], { cwd })
    const { symbols, facts, leftOut }: RealismReport = JSON.parse(stdout)
    expect(symbols).toMatchObject([
      { symbol: 'AUSDT', minuteCount: 59, isCrypto: true },
      { symbol: 'BUSDT', minuteCount: 29, isCrypto: true },
    ])
    expect(leftOut).toEqual([])
    const row = (name: string) => facts.find(({ fact }) => fact === name)!
    const { AUSDT, BUSDT } = row('std_bp').bySymbol
    expect(row('std_bp').median).toBeCloseTo((AUSDT! + BUSDT!) / 2)
    expect(row('kurt_x5')).toMatchObject({ median: row('kurt_x5').bySymbol.AUSDT, bySymbol: { BUSDT: null } })
    expect(row('acf_abs_60')).toMatchObject({ median: null, isInside: null, reason: 'needs 121 minutes, has 59' })
  })

  it('that has no fact is refused with what it has', async () => {
    const { code, stdout, stderr } = await Program.run(['realism', file('a.csv', trades('ABC', 3))], { cwd })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(
      'expected at least 3 whole minutes of one symbol, got 2: 9 trades over 160.0 s in 10 lines',
    )
    const poem = await Program.run(['realism', file('poem.txt', 'hello\n')], { cwd })
    expect(poem).toMatchObject({ code: 1, stderr: expect.stringContaining('the format cannot be told') })
  })

  it('that is damaged gives what it holds, and says so', async () => {
    const packed = gzipSync(trades('ABC', 5000))
    const torn = file('torn.csv.gz', packed.subarray(0, packed.length - 400))
    const { code, stdout, stderr } = await Program.run(['realism', torn], { cwd })
    expect(code).toBe(1)
    expect(stderr).toContain('torn.csv.gz')
    expect(stdout).toMatch(/^std_bp /m)
  })
})
