import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'

export interface BareServer {
  readonly url: string
  close(): Promise<void>
}

/**
 * The floor of live delivery: a WebSocket server that sends every client the same ready-made text, on the same grid of
 * moments (`performance.now()` a multiple of the interval), and does nothing else.
 */
export async function startBareServer(intervalMs: number, frameOf: (nowMs: number) => string): Promise<BareServer> {
  const http = createServer()
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  let timer: NodeJS.Timeout
  const schedule = () => {
    timer = setTimeout(
      () => {
        const frame = Buffer.from(frameOf(Date.now()))
        for (const socket of sockets.clients) socket.send(frame, { binary: false })
        schedule()
      },
      Math.ceil(intervalMs - (performance.now() % intervalMs)),
    )
  }
  schedule()
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    async close() {
      clearTimeout(timer)
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}
