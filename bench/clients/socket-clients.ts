import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ClientNews, ClientOptions, ClientOrder, ClientReport } from './client-orders.ts'

const program = fileURLToPath(new URL('client-process.ts', import.meta.url))

/** WebSocket clients in a process of their own, so that what they cost is not the server's. */
export class SocketClients {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /** Resolves when all are connected; they measure at once. */
  static async open(options: ClientOptions): Promise<SocketClients> {
    const child = fork(program, [], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      serialization: 'advanced',
      stdio: ['ignore', 2, 2, 'ipc'],
    })
    const clients = new SocketClients(child)
    await clients.#ask({ type: 'open', options }, 'opened')
    await clients.measure()
    return clients
  }

  /** Forgets what was measured so far. */
  async measure(): Promise<void> {
    await this.#ask({ type: 'measure' }, 'measuring')
  }

  /** Ends the process. */
  async finish(): Promise<ClientReport> {
    const { report } = await this.#ask({ type: 'finish' }, 'finished')
    this.#child.removeAllListeners()
    this.#child.disconnect()
    return report
  }

  #ask<T extends ClientNews['type']>(order: ClientOrder, expected: T): Promise<Extract<ClientNews, { type: T }>> {
    return new Promise((resolve, reject) => {
      this.#child.removeAllListeners()
      this.#child.on('message', (news: ClientNews) => {
        if (news.type === expected) resolve(news as Extract<ClientNews, { type: T }>)
        else if (news.type === 'failed') reject(new Error(`WebSocket clients: ${news.text}`))
      })
      this.#child.on('error', reject)
      this.#child.on('exit', (code, signal) => reject(new Error(`WebSocket clients: ended with ${signal ?? code}`)))
      this.#child.send(order)
    })
  }
}
