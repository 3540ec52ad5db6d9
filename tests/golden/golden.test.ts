import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

/*
 * Goal: what the engine derives from an input does not change unnoticed, not in one byte. Method: small inputs go through
 * the real `finpulse replay`; all that it gives out is compared with the file beside. UPDATE_GOLDEN=1 writes the files
 * anew: read the difference before it is committed.
 */

const directory = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const INPUTS = directory('inputs/')
const EXPECTED = directory('expected/')
const PROGRAM = directory('../../src/engine/main.ts')
const EVERYTHING = 'trades,quotes,candles,alerts,gaps'
/** Its candles are shown while they grow; of the others, which have more trades, only final ones. */
const WITH_OPEN_CANDLES = 'binance-usdm.capture'

async function replay(name: string): Promise<string> {
  const flags = ['--disable-warning=ExperimentalWarning', PROGRAM, 'replay', INPUTS + name, '--emit', EVERYTHING]
  if (name !== WITH_OPEN_CANDLES) flags.push('--final-only')
  const { stdout } = await promisify(execFile)(process.execPath, flags)
  return stdout
}

it.each(readdirSync(INPUTS))('%s gives the very same events as before', async (name) => {
  const found = await replay(name)
  const path = `${EXPECTED}${name}.ndjson`
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, found)
  expect(found.split('\n')).toEqual(readFileSync(path, 'utf8').split('\n'))
})
