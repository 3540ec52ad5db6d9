import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { systemClock } from '../../../base/clock.ts'
import { MemoryEventLog } from '../../../log/memory/memory-event-log.ts'
import { startTestServer, type TestServer } from '../../testing/test-server.ts'
import { VENUE_SETTINGS, type VenueSettings } from '../venue-settings.ts'

/** A listening server with the facade on, over a log in memory and a store of arrays. */
export async function startVenueServer(settings: Partial<VenueSettings> = {}): Promise<TestServer> {
  const log = new MemoryEventLog({ clock: systemClock })
  const venue = { settings: { ...VENUE_SETTINGS, ...settings }, log: log.reader() }
  const test = await startTestServer({ log: log.reader(), venue })
  return {
    ...test,
    log,
    async [Symbol.asyncDispose]() {
      await test[Symbol.asyncDispose]()
      await log.close()
    },
  }
}

/** A client of the facade's WebSocket that keeps all that it is sent. */
export class VenueClient {
  readonly socket: WebSocket
  readonly messages: unknown[] = []
  readonly pings: string[] = []
  /** Close code; undefined while open. */
  closeCode: number | undefined

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data) => this.messages.push(JSON.parse(String(data))))
    socket.on('ping', (payload) => this.pings.push(String(payload)))
    socket.on('close', (code) => {
      this.closeCode = code
    })
  }

  /** Rejects where the handshake is refused, with its status in the text. */
  static async open(server: TestServer, path: string, options: WebSocket.ClientOptions = {}): Promise<VenueClient> {
    const url = `${server.server.url.replace('http', 'ws')}/binance${path}`
    const client = new VenueClient(new WebSocket(url, options))
    await new Promise((resolve, reject) => client.socket.on('open', resolve).on('error', reject))
    return client
  }

  send(method: string, params?: readonly unknown[], id: number | string = 1): void {
    this.socket.send(JSON.stringify({ method, id, ...(params === undefined ? {} : { params }) }))
  }

  /** Waits for so many messages. */
  async until(count: number): Promise<unknown[]> {
    await eventually(() => this.messages.length >= count, `${count} messages; so far ${JSON.stringify(this.messages)}`)
    return this.messages
  }

  /** @returns the close code */
  async closed(): Promise<number> {
    await eventually(() => this.closeCode !== undefined, 'the end of the connection')
    return this.closeCode!
  }
}

/** Resolves once the condition holds; rejects after ten seconds. */
export async function eventually(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadlineMs = performance.now() + 10_000
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`waited 10 s for ${what}`)
    await delay(5)
  }
}
