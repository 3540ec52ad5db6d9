/** The little of a WebSocket that the live client needs; a test brings its own. */
export interface LiveSocket {
  send(text: string): void
  close(): void
}

export interface SocketListener {
  onOpen(): void
  onText(text: string): void
  /** Once, also where opening failed. */
  onClose(code: number, reason: string): void
}

export type OpenSocket = (listener: SocketListener) => LiveSocket

/** @param path of the same origin, such as `/ws` */
export function browserSocketOpener(path: string): OpenSocket {
  return (listener) => {
    const address = new URL(path, window.location.href)
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(address)
    socket.addEventListener('open', () => listener.onOpen())
    socket.addEventListener('message', (event: MessageEvent<unknown>) => listener.onText(String(event.data)))
    socket.addEventListener('close', (event) => listener.onClose(event.code, event.reason))
    return {
      send: (text) => socket.send(text),
      close: () => socket.close(),
    }
  }
}
