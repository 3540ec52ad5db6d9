import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DEFAULT_SYMBOLS } from '../../src/feeds/simulator/symbol-presets.ts'
import { findChromium, launchChromium, openPage, type PageFaults } from '../support/browser.ts'
import { postJson, statsOf } from '../support/http.ts'
import { poll } from '../support/poll.ts'
import { killAllPrograms, Program } from '../support/program.ts'
import { removeTempDirectories, tempDirectory } from '../support/temp-directory.ts'

/* The real page of the real product in a real browser. */

const chromium = findChromium()
const isBuilt = existsSync(new URL('../../dashboard/dist/index.html', import.meta.url))
if (chromium === undefined) console.warn('skipped: no Chromium found; set CHROMIUM_PATH')
if (!isBuilt) console.warn('skipped: the dashboard is not built; npm run build:dashboard')
const canRun = chromium !== undefined && isBuilt

const SIZES = [
  { name: 'desktop', width: 1440, height: 900 },
  { name: 'phone', width: 390, height: 844 },
] as const

describe.skipIf(!canRun).each(SIZES)('the page on a $name', { timeout: 90_000 }, ({ name, width, height }) => {
  let url: string
  let browser: Browser
  let page: Page
  let faults: PageFaults

  beforeAll(async () => {
    const cwd = tempDirectory()
    // Detectors that speak often fill the feed.
    const processing = { zScore: { mediumThreshold: 2, highThreshold: 2.5, minimumMovePercent: 0 } }
    writeFileSync(join(cwd, 'settings.json'), JSON.stringify({ processing }))
    const args = ['up', '--port', '0', '--data-dir', 'data', '--backfill', '2h', '--config', 'settings.json']
    const program = Program.start(args, { cwd })
    url = await program.serving()
    browser = await launchChromium(chromium!)
    await program.logged('ready')
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await killAllPrograms()
    await removeTempDirectories()
  })
  beforeEach(async () => {
    const opened = await openPage(browser, { width, height }, url)
    page = opened.page
    faults = opened.faults
  })
  afterEach(async () => {
    expect(faults).toEqual({ errors: [], foreignRequests: [] })
    await page.close()
  })

  it('shows the market, and its prices move', async () => {
    await page.goto('/')
    const texts = () => page.locator('main').innerText()
    // Alerts, which name symbols too, may be there before the market is.
    await poll('all symbols', async () => {
      const shown = await texts()
      return DEFAULT_SYMBOLS.every(({ symbol }) => shown.includes(symbol))
    })
    await untilChanged(texts, 3)
    await expectNoSideScroll(page)
    await save(page, `market-${name}`)
  })

  it('draws the chart of a symbol, beside its trades', async () => {
    await page.goto('/symbol/AAPL')
    const chart = page.getByRole('region', { name: 'Chart' })
    await poll('candles in both colours', async () => (await candlePixelCount(page)) > 200)
    const trades = page.getByRole('region', { name: 'Trades' })
    await untilChanged(() => trades.innerText(), 2)
    await chart.getByText('5m', { exact: true }).click()
    await page.waitForURL(/interval=5m/)
    await poll('candles of five minutes', async () => (await candlePixelCount(page)) > 50)
    await expectNoSideScroll(page)
    await save(page, `symbol-${name}`)
  })

  it('lists alerts', async () => {
    await page.goto('/alerts')
    await poll('alerts', async () => (await page.locator('main li').count()) > 5)
    expect(await page.locator('main').innerText()).toMatch(/HIGH|MEDIUM/)
    await expectNoSideScroll(page)
    await save(page, `alerts-${name}`)
  })

  it('leads from the market to a symbol and back, and says what it does not know', async () => {
    await page.goto('/')
    await page.locator('main').getByRole('link', { name: /TSLA/ }).first().click()
    await page.waitForURL(/\/symbol\/TSLA/)
    expect(await page.title()).toContain('TSLA')
    await page.goBack()
    await page.getByText('AAPL').first().waitFor()
    await page.goto('/symbol/NOPE')
    await page.getByText('No symbol “NOPE”').waitFor()
  })
})

describe.skipIf(!canRun)('the page of a replay', { timeout: 90_000 }, () => {
  afterAll(async () => {
    await killAllPrograms()
    await removeTempDirectories()
  })

  it('shows the new market after the replay was moved', async () => {
    const startMs = Date.parse('2024-03-01T00:00:00Z')
    const cwd = tempDirectory()
    const rows = Array.from({ length: 4000 }, (_, id) => `${startMs + id * 500},ABC,${100 + (id % 50)},1,buy,${id}\n`)
    writeFileSync(join(cwd, 'day.csv'), `time,symbol,price,quantity,side,id\n${rows.join('')}`)
    const program = Program.start(
      ['replay', 'day.csv', '--serve', '--speed', '5', '--port', '0', '--data-dir', 'data'],
      { cwd },
    )
    const url = await program.serving()
    const browser = await launchChromium(chromium!)
    try {
      const { page, faults } = await openPage(browser, { width: 1440, height: 900 }, url)
      await page.goto('/symbol/ABC')
      const trades = page.getByRole('region', { name: 'Trades' })
      await trades
        .getByText(/^00:0\d:/)
        .first()
        .waitFor()
      const { epoch } = await statsOf(url)
      expect(await postJson(`${url}/api/v1/replay/seek`, { timeMs: startMs + 1_500_000 })).toMatchObject({
        status: 200,
      })
      await poll('the new epoch', async () => (await statsOf(url)).epoch !== epoch)
      await trades
        .getByText(/^00:(2[5-9]|3\d):/)
        .first()
        .waitFor()
      expect(await trades.innerText()).not.toMatch(/^00:[01]\d:/m)
      await poll('candles of the new market', async () => (await candlePixelCount(page)) > 0)
      await save(page, 'replay-desktop')
      expect(faults).toEqual({ errors: [], foreignRequests: [] })
    } finally {
      await browser.close()
    }
  })
})

describe.skipIf(!canRun)('the page of a symbol that is not there yet', { timeout: 90_000 }, () => {
  afterAll(async () => {
    await killAllPrograms()
    await removeTempDirectories()
  })

  it('shows its first trade when it comes, and those after it', async () => {
    const cwd = tempDirectory()
    const program = Program.start(['up', '--feed', 'push', '--port', '0', '--data-dir', 'data'], { cwd })
    const url = await program.serving()
    const push = async (price: string, symbol = 'NEW') => {
      const trade = { type: 'trade', venue: 'own', symbol, price, quantity: '1', eventTimeMs: Date.now() }
      expect(await postJson(`${url}/api/v1/events`, trade)).toMatchObject({ status: 200, body: { acceptedCount: 1 } })
    }
    const browser = await launchChromium(chromium!)
    try {
      const { page, faults } = await openPage(browser, { width: 1440, height: 900 }, url)
      await page.goto('/symbol/NEW')
      await page.getByText('Waiting for NEW').waitFor()
      await push('7.00', 'OLD')
      await page.getByText('No symbol “NEW”').waitFor()
      await push('41.25')
      const trades = page.getByRole('region', { name: 'Trades' })
      await trades.getByText('41.25').first().waitFor()
      await push('42.50')
      await trades.getByText('42.50').first().waitFor()
      expect(faults).toEqual({ errors: [], foreignRequests: [] })
    } finally {
      await browser.close()
    }
  })
})

async function untilChanged(read: () => Promise<string>, times: number): Promise<void> {
  const seen = new Set<string>()
  await poll(`${times} changes on the page`, async () => seen.add(await read()).size > times)
}

/** Runs in the page: pixels of the chart in the colours of rising and falling candles, the fewer of the two. */
const COUNT_CANDLE_PIXELS = `(() => {
  const counts = { up: 0, down: 0 }
  for (const canvas of document.querySelectorAll('[aria-label="Chart"] canvas')) {
    if (canvas.width === 0 || canvas.height === 0) continue
    // Read from a copy: reading would slow the chart's own canvas down, and the browser would say so.
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true })
    copy.drawImage(canvas, 0, 0)
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height)
    for (let at = 0; at < data.length; at += 4) {
      const isNear = (red, green, blue) =>
        Math.abs(data[at] - red) + Math.abs(data[at + 1] - green) + Math.abs(data[at + 2] - blue) < 24
      if (isNear(0x2e, 0xbd, 0x85)) counts.up += 1
      else if (isNear(0xf6, 0x46, 0x5d)) counts.down += 1
    }
  }
  return Math.min(counts.up, counts.down)
})()`

function candlePixelCount(page: Page): Promise<number> {
  return page.evaluate<number>(COUNT_CANDLE_PIXELS)
}

async function expectNoSideScroll(page: Page): Promise<void> {
  const root = 'document.documentElement'
  const overhang = await page.evaluate<number>(`${root}.scrollWidth - ${root}.clientWidth`)
  expect(overhang).toBe(0)
}

let directory: string | undefined

async function save(page: Page, name: string): Promise<void> {
  if (directory === undefined) {
    directory = process.env.SCREENSHOT_DIR ?? mkdtempSync(join(tmpdir(), 'finpulse-screenshots-'))
    mkdirSync(directory, { recursive: true })
    console.info(`screenshots: ${directory}`)
  }
  await page.screenshot({ path: join(directory, `${name}.png`) })
}
