import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Problem } from '../protocol/rest.ts'

/** Answers a request for a WebSocket that is not granted, and closes. */
export function refuseUpgrade(socket: Duplex, answer: Problem): void {
  const body = JSON.stringify(answer)
  socket.end(
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
