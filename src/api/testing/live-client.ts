import { WebSocket } from 'ws'
import type { ClientMessage, FrameMessage, ServerMessage } from '../../protocol/live.ts'

/** A real WebSocket client that keeps all it receives, and lets a test wait for more. */
export class LiveClient {
  readonly messages: ServerMessage[] = []
  readonly socket: WebSocket
  closeCode: number | undefined
  #wake: () => void = () => undefined

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data) => {
      this.messages.push(JSON.parse(data.toString()))
      this.#wake()
    })
    socket.on('close', (code) => {
      this.closeCode = code
      this.#wake()
    })
  }

  /** @throws the refusal of the upgrade */
  static async open(serverUrl: string, path = '/ws', headers: Record<string, string> = {}): Promise<LiveClient> {
    const client = new LiveClient(new WebSocket(serverUrl.replace('http', 'ws') + path, { headers }))
    await new Promise<void>((resolve, reject) => {
      client.socket.once('open', resolve)
      client.socket.once('error', reject)
    })
    return client
  }

  send(message: ClientMessage): void {
    this.socket.send(JSON.stringify(message))
  }

  get frames(): FrameMessage[] {
    return this.messages.filter((message) => message.type === 'frame')
  }

  /** Resolves with what `find` finds, as soon as it finds something. */
  async until<T>(find: (client: LiveClient) => T | undefined | false): Promise<T> {
    const deadlineMs = Date.now() + 4000
    for (;;) {
      const found = find(this)
      if (found !== undefined && found !== false) return found
      if (Date.now() > deadlineMs) throw new Error(`nothing found in ${JSON.stringify(this.messages).slice(0, 2000)}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  /** The first message of a type. */
  async first<K extends ServerMessage['type']>(type: K): Promise<Extract<ServerMessage, { type: K }>> {
    return this.until(({ messages }) => messages.find((m): m is Extract<ServerMessage, { type: K }> => m.type === type))
  }

  async closed(): Promise<number> {
    return this.until(({ closeCode }) => closeCode)
  }

  close(): void {
    this.socket.terminate()
  }
}
