import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { FakePush, QUEUE_FULL } from '../testing/fake-push.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

interface Answer {
  readonly type: string
  readonly id: number
  readonly [field: string]: unknown
}

let test: TestServer
let push: FakePush
const clients: WebSocket[] = []

beforeEach(async () => {
  test = await startTestServer()
  push = new FakePush()
  test.engine.push = push
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate()
  await test[Symbol.asyncDispose]()
})

async function connect(query = '', headers: Record<string, string> = {}) {
  const socket = new WebSocket(`${test.server.url.replace('http', 'ws')}/ws/push${query}`, { headers })
  clients.push(socket)
  const answers: Answer[] = []
  socket.on('message', (data) => answers.push(JSON.parse(data.toString())))
  await once(socket, 'open')
  return { socket, answers }
}

async function refusalOf(query = '', headers: Record<string, string> = {}) {
  const socket = new WebSocket(`${test.server.url.replace('http', 'ws')}/ws/push${query}`, { headers })
  socket.on('error', () => undefined)
  const [, response] = await once(socket, 'unexpected-response')
  let body = ''
  for await (const piece of response) body += piece
  return { status: response.statusCode, ...JSON.parse(body) }
}

describe('the push WebSocket', () => {
  it('answers each message, in their order', async () => {
    push.isPrompt = false
    const { socket, answers } = await connect('?strict=true&venue=acme&source=bank')
    for (const count of [1, 2, 3]) socket.send('{}\n'.repeat(count))
    await expect.poll(() => push.requests.length).toBe(3)
    expect(push.requests[0]).toMatchObject({
      format: 'ndjson',
      isStrict: true,
      venue: 'acme',
      source: 'bank',
      mayWait: true,
    })
    push.answer(2)
    push.refuse(1, QUEUE_FULL)
    push.answer(0)
    await expect.poll(() => answers.length).toBe(3)
    expect(answers).toEqual([
      { type: 'ack', id: 1, acceptedCount: 1, duplicateCount: 0, refusedCount: 0, refused: [] },
      { type: 'error', id: 2, code: 'queue-full', detail: 'push: no room' },
      { type: 'ack', id: 3, acceptedCount: 3, duplicateCount: 0, refusedCount: 0, refused: [] },
    ])
  })

  it('takes the id of a batch from its first line', async () => {
    const { socket, answers } = await connect()
    socket.send('{"type":"batch","batchId":"b7"}\n{"x":1}\n')
    socket.send(Buffer.from('{"x":2}\n'))
    socket.send('{"type":"batch"}\n{"x":3}\n')
    await expect.poll(() => answers.length).toBe(3)
    expect(push.requests.map(({ batchId }) => batchId)).toEqual(['b7', undefined])
    expect([push.textOf(0), push.textOf(1)]).toEqual(['{"x":1}\n', '{"x":2}\n'])
    expect(answers[2]).toMatchObject({ type: 'error', id: 3, code: 'request-invalid' })
  })

  it('is not read from while a megabyte is unanswered', async () => {
    push.isPrompt = false
    const { socket, answers } = await connect()
    const piece = `${' '.repeat(600 * 1024)}\n`
    for (let count = 0; count < 12; count++) socket.send(piece)
    await expect.poll(() => push.requests.length).toBeGreaterThanOrEqual(2)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(push.requests.length).toBeLessThan(6)
    for (let count = 0; count < 12; count++) {
      await expect.poll(() => push.requests.length).toBeGreaterThan(count)
      push.answer(count)
    }
    await expect.poll(() => answers.length).toBe(12)
    expect(answers.map(({ id }) => id)).toEqual(answers.map((_, index) => index + 1))
  })

  it('closes on a message of more than 4 MiB', async () => {
    const { socket } = await connect()
    socket.send(Buffer.alloc(4 * 1024 * 1024 + 1))
    const [code] = await once(socket, 'close')
    expect(code).toBe(1009)
    expect(push.requests).toHaveLength(0)
  })

  it('is refused to other sites, with a bad query, beyond its connections, and for a replay', async () => {
    expect(await refusalOf('', { origin: 'http://evil.example' })).toMatchObject({ status: 403 })
    expect(await refusalOf('?strict=maybe')).toMatchObject({ status: 400, detail: /strict/ })
    for (let count = 0; count < 32; count++) await connect()
    expect(await refusalOf()).toMatchObject({ status: 503, code: 'not-ready' })
    delete test.engine.push
    expect(await refusalOf()).toMatchObject({ status: 404, detail: /a replay takes none/ })
  })

  it('is told that the server stops', async () => {
    const { socket } = await connect()
    const closed = once(socket, 'close')
    await test.server.close()
    expect((await closed)[0]).toBe(3001)
  })
})
