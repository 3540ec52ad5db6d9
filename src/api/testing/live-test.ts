import { afterEach } from 'vitest'
import type { Trade } from '../../events/trade.ts'
import { LiveClient } from './live-client.ts'
import { quoteOf, tradeOf } from './sample-events.ts'
import { startTestServer, type TestServer } from './test-server.ts'

/* The server of one test of the live API, with a few rows in its store, and the clients of it. Both end with the test. */

/** The server of the present test, once `start` has resolved. */
export let test: TestServer
const clients: LiveClient[] = []

export async function start(options: Parameters<typeof startTestServer>[0] = {}): Promise<void> {
  test = await startTestServer(options)
  test.store.rows.trades.push(tradeOf('AAPL', 1, '100.00'), tradeOf('MSFT', 1, '200.00'))
  test.store.rows.quotes.push(quoteOf('AAPL', '100.10', '100.20'))
}

export async function connect(path = '/ws', headers: Record<string, string> = {}): Promise<LiveClient> {
  const client = await LiveClient.open(test.server.url, path, headers)
  clients.push(client)
  return client
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await test[Symbol.asyncDispose]()
})

export function tradesOf(client: LiveClient): readonly Trade[] {
  return client.frames.flatMap((frame) => frame.trades ?? [])
}

/** Updates that the client was told to be left out. */
export function missedBy(client: LiveClient): number {
  return client.messages.reduce((sum, message) => sum + (message.type === 'loss' ? message.missedCount : 0), 0)
}
