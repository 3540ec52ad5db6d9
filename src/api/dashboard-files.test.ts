import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from './testing/test-server.ts'

let directory: string
let test: TestServer

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'finpulse-dashboard-'))
  await mkdir(path.join(directory, 'assets'))
  await writeFile(path.join(directory, 'index.html'), '<title>FinPulse</title>')
  await writeFile(path.join(directory, 'assets', 'main-1.js'), 'let x')
  test = await startTestServer({ dashboardDirectory: directory })
})

afterAll(async () => {
  await test[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

function get(url: string): Promise<Response> {
  return fetch(test.server.url + url)
}

describe('dashboard', () => {
  it.each(['/', '/symbol/AAPL', '/symbol/BRK.B', '/alerts?severity=HIGH'])('%s is the page', async (url) => {
    const answer = await get(url)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe('<title>FinPulse</title>')
    expect(answer.headers.get('cache-control')).toBe('no-cache')
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'")
  })

  it('files named by their content are kept by browsers for ever', async () => {
    const answer = await get('/assets/main-1.js')
    expect(answer.headers.get('cache-control')).toContain('immutable')
    expect(answer.headers.get('content-type')).toContain('javascript')
  })

  it.each([
    '/assets/old.js',
    '/favicon.ico',
    '/api/v1/nope',
    '/ws',
    '/docs/nope.js',
    '/binance',
    '/binance/api/v3/ping',
  ])('%s is not the page', async (url) => {
    const answer = await get(url)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(await answer.text()).not.toContain('<title>FinPulse')
  })

  it('a path that leads outside of the directory never gives a file', async () => {
    expect(await (await get('/..%2f..%2f..%2f..%2fetc/passwd')).text()).not.toContain('root:')
  })

  it('the page is only for reading', async () => {
    expect((await fetch(`${test.server.url}/alerts`, { method: 'POST' })).status).toBe(404)
  })
})
