import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { silentLogger } from '../../base/logger.ts'
import { CLOSE_CODES } from '../../protocol/live.ts'
import { ApiMetrics } from '../api-metrics.ts'
import { MarketData } from '../market-data.ts'
import { ArrayMarketStore } from '../testing/array-market-store.ts'
import { FakeEngine } from '../testing/test-server.ts'
import { FrameEncoder } from './frame-encoder.ts'
import { LiveHub } from './live-hub.ts'
import { BUFFERED_MAX_BYTES, Session, STALLED_MAX_MS } from './session.ts'

/** A socket whose buffer a test fills by hand. */
class FakeSocket {
  readonly OPEN = 1
  readyState = 1
  bufferedAmount = 0
  readonly sent: string[] = []
  readonly done: string[] = []

  send(data: string | Buffer): void {
    this.sent.push(data.toString())
  }

  ping(): void {
    this.done.push('ping')
  }

  close(code: number): void {
    this.done.push(`close ${code}`)
  }

  terminate(): void {
    this.done.push('terminate')
  }
}

function openSession() {
  const hub = new LiveHub()
  const time = { nowMs: 0 }
  const socket = new FakeSocket()
  const context = {
    hub,
    data: new MarketData(new ArrayMarketStore(), new FakeEngine(), hub),
    encoder: new FrameEncoder(hub, () => time.nowMs),
    metrics: new ApiMetrics(new Registry(), () => 1),
    logger: silentLogger,
    nowMs: () => time.nowMs,
  }
  return { session: new Session(context, socket as unknown as WebSocket, 100), socket, time }
}

describe('a session whose socket is full', () => {
  it('is closed as slow after thirty seconds, not before', () => {
    const { session, socket, time } = openSession()
    socket.bufferedAmount = BUFFERED_MAX_BYTES + 1
    session.checkStalled()
    time.nowMs = STALLED_MAX_MS - 1
    session.checkStalled()
    expect(socket.done).toEqual([])
    time.nowMs = STALLED_MAX_MS
    session.checkStalled()
    expect(socket.done).toEqual([`close ${CLOSE_CODES.slow}`, 'terminate'])
  })

  it('is forgiven once it drained', () => {
    const { session, socket, time } = openSession()
    socket.bufferedAmount = BUFFERED_MAX_BYTES + 1
    session.checkStalled()
    socket.bufferedAmount = 0
    time.nowMs = STALLED_MAX_MS
    session.checkStalled()
    socket.bufferedAmount = BUFFERED_MAX_BYTES + 1
    session.checkStalled()
    expect(socket.done).toEqual([])
  })

  it('may not ask for more until it has read what it got', async () => {
    const { session, socket } = openSession()
    socket.bufferedAmount = BUFFERED_MAX_BYTES + 1
    session.receive('{"type":"subscribe","channel":"quotes","symbols":"*"}')
    await expect.poll(() => socket.sent.at(-1)).toContain('"code":"not-ready"')
  })
})

describe('a heart-beat', () => {
  it('keeps a peer that answers, and drops one that does not', () => {
    const { session, socket } = openSession()
    session.checkAlive()
    session.markAlive()
    session.checkAlive()
    session.checkAlive()
    expect(socket.done).toEqual(['ping', 'ping', 'terminate'])
  })
})
