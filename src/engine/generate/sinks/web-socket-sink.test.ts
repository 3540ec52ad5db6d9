import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { removeTempDirectories } from '../../../../tests/support/temp-directory.ts'
import { generate, lines, linesOf, runOf } from '../testing/generated.ts'
import { WebSocketSink } from './web-socket-sink.ts'

afterEach(removeTempDirectories)

describe('a WebSocket place', () => {
  it('gets all lines in order, and a run ends where it goes away', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    let text = ''
    await once(server, 'listening')
    let messagesLeft = Number.POSITIVE_INFINITY
    server.on('connection', (socket) => {
      socket.on('message', (message: Buffer) => {
        text += message.toString()
        messagesLeft -= 1
        if (messagesLeft === 0) socket.terminate()
      })
    })
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      const summary = await generate(lines, await WebSocketSink.open(url, true), 5000)
      const expected = await linesOf(lines, 5000)
      await expect.poll(() => text.length).toBe(summary.bytes)
      expect(text.trim().split('\n')).toEqual(expected)
      messagesLeft = 3
      const sink = await WebSocketSink.open(url, true)
      await expect(generate(lines, sink, 10_000_000)).rejects.toThrow(`${url}: closed the connection`)
    } finally {
      server.close()
    }
    await expect(WebSocketSink.open(url, true)).rejects.toMatchObject({ code: 'sink-failed' })
  })

  it('that breaks the connection off at the goodbye has got everything all the same', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    let text = ''
    server.on('connection', (socket) => {
      socket.on('message', (message: Buffer) => {
        text += message.toString()
        if (text.split('\n').length > 500) socket.terminate()
      })
    })
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      await generate(lines, await WebSocketSink.open(url, true), 500)
      await expect.poll(() => text.split('\n').length).toBe(501)
    } finally {
      server.close()
    }
  })

  it('that reads nothing is given up when the run is told to', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    server.on('connection', (socket) => socket.pause())
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      const run = runOf({ ...lines, pieceCount: 8192 }, await WebSocketSink.open(url, true), 10_000_000)
      const interrupt = new AbortController()
      const ended = run.run(interrupt.signal)
      await expect.poll(() => run.summary().sinkWaitMs, { timeout: 30_000 }).toBeGreaterThan(200)
      interrupt.abort()
      run.giveUp()
      await ended
      const { nextIndex } = run.summary()
      expect(nextIndex % 8192).toBe(0)
      expect(nextIndex).toBeLessThan(200_000)
    } finally {
      for (const socket of server.clients) socket.terminate()
      server.close()
    }
  })
})
