import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ClientMessage, ServerMessage } from '../../../src/protocol/live.ts'
import { LiveClient } from './live-client.ts'
import type { LiveSocket, SocketListener } from './live-socket.ts'

class FakeSocket implements LiveSocket {
  readonly sent: ClientMessage[] = []
  readonly listener: SocketListener
  isClosed = false

  constructor(listener: SocketListener) {
    this.listener = listener
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientMessage)
  }

  close(): void {
    this.isClosed = true
  }

  say(message: ServerMessage): void {
    this.listener.onText(JSON.stringify(message))
  }

  /** Opens as the server does. */
  welcome(protocolVersion = 1): void {
    this.listener.onOpen()
    this.say({ type: 'welcome', protocolVersion, epoch: 'e', serverTimeMs: 0, frameIntervalMs: 100 })
  }
}

const FRAME: ServerMessage = { type: 'frame', serverTimeMs: 1 }

function setup() {
  const sockets: FakeSocket[] = []
  const messages: ServerMessage[] = []
  const client = new LiveClient({
    open: (listener) => {
      const socket = new FakeSocket(listener)
      sockets.push(socket)
      return socket
    },
    onMessage: (message) => messages.push(message),
    random: () => 0.5,
  })
  const socket = () => sockets.at(-1)!
  return { client, sockets, messages, socket }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('subscriptions', () => {
  it('that are refused because a symbol is unknown are asked for again, later and later', () => {
    const { client, socket } = setup()
    client.start()
    socket().welcome()
    client.subscribe('trades', ['ABC'])
    vi.advanceTimersByTime(300)
    const asked = { type: 'subscribe', channel: 'trades', symbols: ['ABC'] }
    const count = () => socket().sent.filter((message) => message.type === 'subscribe').length
    expect(socket().sent).toEqual([asked])
    const refuse = () => socket().say({ type: 'error', code: 'symbol-unknown', detail: 'symbols: no event of ABC' })
    refuse()
    refuse()
    vi.advanceTimersByTime(999)
    expect(count()).toBe(1)
    vi.advanceTimersByTime(1)
    expect(socket().sent.at(-1)).toEqual(asked)
    refuse()
    vi.advanceTimersByTime(1500)
    expect(count()).toBe(2)
    vi.advanceTimersByTime(500)
    expect(count()).toBe(3)
    vi.advanceTimersByTime(2000)
    expect(count()).toBe(3)
  })

  it('is live once the server has welcomed it, and hands every message on', () => {
    const { client, messages, socket } = setup()
    client.start()
    expect(client.state()).toEqual({ kind: 'connecting' })
    socket().welcome()
    socket().say(FRAME)
    expect(client.state()).toEqual({ kind: 'live' })
    expect(messages.map((message) => message.type)).toEqual(['welcome', 'frame'])
  })

  it('sends one message for all that one turn subscribes to', () => {
    const { client, socket } = setup()
    client.start()
    socket().welcome()
    client.subscribe('quotes', ['AAPL'])
    client.subscribe('quotes', ['V'])
    vi.advanceTimersByTime(200)
    expect(socket().sent).toEqual([{ type: 'subscribe', channel: 'quotes', symbols: ['AAPL', 'V'] }])
  })

  it('sends few rounds however often the subscriptions change', () => {
    const { client, socket } = setup()
    client.start()
    socket().welcome()
    for (let step = 0; step < 60; step++) {
      client.subscribe('quotes', [`S${step}`])
      vi.advanceTimersByTime(16)
    }
    expect(socket().sent.length).toBeLessThanOrEqual(5)
    vi.advanceTimersByTime(200)
    expect(socket().sent.flatMap((message) => ('symbols' in message ? message.symbols : []))).toHaveLength(60)
  })

  it('gives a subscription back once, however often it is released', () => {
    const { client, socket } = setup()
    client.start()
    socket().welcome()
    const release = client.subscribe('quotes', ['AAPL'])
    client.subscribe('quotes', ['AAPL'])
    release()
    release()
    vi.advanceTimersByTime(200)
    expect(socket().sent).toEqual([{ type: 'subscribe', channel: 'quotes', symbols: ['AAPL'] }])
  })
})

describe('reconnecting', () => {
  it('comes back with growing delays and asks again for everything', () => {
    const { client, sockets, socket } = setup()
    client.subscribe('quotes', ['AAPL'])
    client.start()
    socket().welcome()
    socket().listener.onClose(1006, '')
    // Half of 500 ms and a random half of it: 250 + 125.
    expect(client.state()).toEqual({ kind: 'reconnecting', attempt: 1, retryAtMs: Date.now() + 375 })
    vi.advanceTimersByTime(375)
    expect(sockets).toHaveLength(2)
    socket().listener.onClose(1006, '')
    expect(client.state()).toEqual({ kind: 'reconnecting', attempt: 2, retryAtMs: Date.now() + 750 })
    vi.advanceTimersByTime(750)
    socket().welcome()
    expect(client.state()).toEqual({ kind: 'live' })
    expect(socket().sent).toEqual([{ type: 'subscribe', channel: 'quotes', symbols: ['AAPL'] }])
    socket().listener.onClose(3001, 'restarting')
    expect(client.state()).toMatchObject({ kind: 'reconnecting', attempt: 1 })
  })

  it('never waits longer than 15 s', () => {
    const { client, socket } = setup()
    client.start()
    for (let attempt = 0; attempt < 20; attempt++) {
      socket().listener.onClose(1006, '')
      vi.advanceTimersToNextTimer()
      client.retryNow()
    }
    socket().listener.onClose(1006, '')
    expect(client.state()).toEqual({ kind: 'reconnecting', attempt: 21, retryAtMs: Date.now() + 11_250 })
  })

  it('tries at once when asked to', () => {
    const { client, sockets, socket } = setup()
    client.start()
    socket().listener.onClose(1006, '')
    client.retryNow()
    expect(sockets).toHaveLength(2)
    vi.advanceTimersByTime(5000)
    expect(sockets).toHaveLength(2)
  })

  it('stays away where the server does not want it back', () => {
    const { client, sockets, socket } = setup()
    client.start()
    socket().welcome()
    socket().listener.onClose(3500, 'channel "x": unknown')
    vi.advanceTimersByTime(60_000)
    expect(client.state()).toEqual({ kind: 'refused', reason: 'channel "x": unknown' })
    expect(sockets).toHaveLength(1)
  })

  it('stays away from another protocol version', () => {
    const { client, socket } = setup()
    client.start()
    socket().welcome(2)
    expect(client.state()).toMatchObject({ kind: 'refused' })
    expect(socket().isClosed).toBe(true)
  })
})

describe('stale and dead connections', () => {
  it('is stale 3 s after the last frame, though the server answers pings, and live with the next', () => {
    const { client, socket } = setup()
    client.subscribe('quotes', ['AAPL'])
    client.start()
    socket().welcome()
    const sinceMs = Date.now()
    for (let step = 0; step < 4; step++) {
      expect(client.state()).toEqual({ kind: 'live' })
      vi.advanceTimersByTime(700)
      socket().say({ type: 'pong' })
    }
    vi.advanceTimersByTime(500)
    expect(client.state()).toEqual({ kind: 'stale', sinceMs })
    socket().say(FRAME)
    expect(client.state()).toEqual({ kind: 'live' })
  })

  it('does not call a quiet connection stale where only alerts are awaited', () => {
    const { client, socket } = setup()
    client.subscribe('alerts', '*')
    client.start()
    socket().welcome()
    for (let step = 0; step < 20; step++) {
      vi.advanceTimersByTime(1000)
      if (socket().sent.at(-1)?.type === 'ping') socket().say({ type: 'pong' })
    }
    expect(client.state()).toEqual({ kind: 'live' })
  })

  it('gives up a connection that is silent for 10 s', () => {
    const { client, sockets, socket } = setup()
    client.start()
    socket().welcome()
    vi.advanceTimersByTime(3000)
    expect(client.state().kind).toBe('stale')
    expect(socket().sent).toEqual([{ type: 'ping' }])
    vi.advanceTimersByTime(7000)
    expect(client.state().kind).toBe('reconnecting')
    expect(sockets[0]!.isClosed).toBe(true)
  })

  it('begins anew after a message that is no JSON', () => {
    const { client, messages, socket } = setup()
    client.start()
    socket().welcome()
    socket().listener.onText('{"type":"fra')
    expect(client.state().kind).toBe('reconnecting')
    expect(messages).toHaveLength(1)
  })

  it('does not listen to a socket that it gave up', () => {
    const { client, sockets, messages, socket } = setup()
    client.start()
    socket().welcome()
    socket().listener.onClose(1006, '')
    vi.advanceTimersByTime(400)
    sockets[0]!.say(FRAME)
    sockets[0]!.listener.onClose(3500, 'late')
    expect(messages).toHaveLength(1)
    expect(client.state().kind).toBe('reconnecting')
  })

  it('does nothing any more once stopped', () => {
    const { client, sockets, socket } = setup()
    client.start()
    socket().listener.onClose(1006, '')
    client.stop()
    vi.advanceTimersByTime(60_000)
    expect(sockets).toHaveLength(1)
  })
})
