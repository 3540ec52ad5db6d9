import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']
/** No sandbox: containers that run tests have none to give. The rest keeps the browser from calling home. */
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Runs in the page. */
const TELL_VIOLATIONS = `document.addEventListener('securitypolicyviolation', (event) => {
  console.error('security policy: ' + event.violatedDirective + ' refused ' + event.blockedURI)
})`

/** Where this machine has a Chromium: `CHROMIUM_PATH`, or one on the path; undefined where there is none. */
export function findChromium(): string | undefined {
  const { CHROMIUM_PATH, PATH = '' } = process.env
  const folders = ['/usr/bin', ...PATH.split(delimiter)]
  const candidates = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)))
  return [CHROMIUM_PATH ?? '', ...candidates].find(isExecutable)
}

function isExecutable(path: string): boolean {
  if (path === '') return false
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // Not there, or not for us: the next candidate.
    return false
  }
}

export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ARGUMENTS, timeout: 60_000 })
}

/** What must not happen on a page, as it happens. */
export interface PageFaults {
  readonly errors: string[]
  /** Addresses of other hosts that were asked for. */
  readonly foreignRequests: string[]
}

/** A page that tells its faults, security policy violations among them. */
export async function openPage(
  browser: Browser,
  size: { width: number; height: number },
  ownUrl: string,
): Promise<{ page: Page; faults: PageFaults }> {
  const faults: PageFaults = { errors: [], foreignRequests: [] }
  const page = await browser.newPage({ viewport: size, baseURL: ownUrl })
  page.setDefaultTimeout(30_000)
  page.on('pageerror', (error) => faults.errors.push(`uncaught: ${error.stack ?? error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.errors.push(message.text())
  })
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url())
    const isLocal = protocol === 'data:' || protocol === 'blob:' || host === new URL(ownUrl).host
    if (!isLocal) faults.foreignRequests.push(request.url())
  })
  await page.addInitScript(TELL_VIOLATIONS)
  return { page, faults }
}
