import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findChromium, launchChromium, openPage } from '../tests/support/browser.ts'
import { untilTrading } from '../tests/support/http.ts'
import { Program } from '../tests/support/program.ts'

/*
 * Takes the README's screenshots of the real product with a day of history:
 *   node scripts/screenshots.ts [OUT_DIR]
 */

const SIZE = { width: 1440, height: 900 }
const SIZE_MAX_BYTES = 400 * 1024
const HISTORY_LIMIT_MS = 300_000
/** Long enough for the first frames and for every list to be filled. */
const SETTLE_MS = 3000
const PAGES = [
  { name: 'market', path: '/', shows: 'NVDA' },
  { name: 'symbol', path: '/symbol/NVDA?interval=5m&range=24h', shows: 'Trades' },
]

const outDirectory = process.argv[2] ?? fileURLToPath(new URL('../docs/images', import.meta.url))
const executablePath = findChromium()
if (executablePath === undefined) throw new Error('no Chromium found; set CHROMIUM_PATH')
mkdirSync(outDirectory, { recursive: true })
const cwd = mkdtempSync(join(tmpdir(), 'finpulse-screenshots-'))
const program = Program.start(['up', '--port', '0', '--data-dir', 'data', '--backfill', '24h'], { cwd })
try {
  const url = await program.serving()
  await program.logged('ready', HISTORY_LIMIT_MS)
  await untilTrading(url)
  const browser = await launchChromium(executablePath)
  for (const { name, path, shows } of PAGES) {
    const { page, faults } = await openPage(browser, SIZE, url)
    await page.goto(path)
    await page.getByText(shows).first().waitFor()
    await page.waitForTimeout(SETTLE_MS)
    const file = join(outDirectory, `${name}.png`)
    await page.screenshot({ path: file })
    const { size } = statSync(file)
    if (size > SIZE_MAX_BYTES) throw new Error(`${file}: expected at most ${SIZE_MAX_BYTES} bytes, got ${size}`)
    if (faults.errors.length > 0) throw new Error(`${path}: ${faults.errors.join('; ')}`)
    process.stdout.write(`${file} ${size} bytes\n`)
    await page.close()
  }
  await browser.close()
} finally {
  await program.interrupt()
  rmSync(cwd, { recursive: true, force: true })
}
