import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FinPulseError } from '../../base/errors.ts'
import { FakePush, QUEUE_FULL } from '../testing/fake-push.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

const MEBIBYTE = 1024 * 1024
const NDJSON = { 'content-type': 'application/x-ndjson' }
interface Operation {
  readonly requestBody: { readonly content: object }
  readonly responses: object
}

let test: TestServer
let push: FakePush

beforeEach(async () => {
  test = await startTestServer()
  push = new FakePush()
  test.engine.push = push
})
afterEach(() => test[Symbol.asyncDispose]())

async function post(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = NDJSON, query = '') {
  const response = await fetch(`${test.server.url}/api/v1/events${query}`, { method: 'POST', body, headers })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as { readonly detail: string },
  }
}

describe('POST /api/v1/events', () => {
  it('hands the bytes over as they are and answers with what has become of them', async () => {
    const answer = await post('{"a":1}\n{"a":2}\n', NDJSON, '?strict=true&venue=acme&source=bank')
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({ acceptedCount: 2, duplicateCount: 0, refusedCount: 0, refused: [] })
    expect(push.requests[0]).toMatchObject({ format: 'ndjson', isStrict: true, venue: 'acme', source: 'bank' })
    expect(push.requests[0]).not.toHaveProperty('mayWait')
    expect(push.textOf(0)).toBe('{"a":1}\n{"a":2}\n')
  })

  it('takes CSV, JSON and compressed bodies, and the key of a batch', async () => {
    await post('time\n1\n', { 'content-type': 'text/csv; charset=utf-8', 'idempotency-key': 'k1' })
    await post('[{}]', { 'content-type': 'application/json' })
    await post(new Uint8Array(gzipSync('{"b":1}\n')), { ...NDJSON, 'content-encoding': 'gzip' })
    expect(push.requests.map(({ format, batchId }) => [format, batchId])).toEqual([
      ['csv', 'k1'],
      ['json', undefined],
      ['ndjson', undefined],
    ])
    expect(push.textOf(1)).toBe('[{}]')
    expect(push.textOf(2)).toBe('{"b":1}\n')
  })

  it('takes 8 MiB, and no more', async () => {
    expect((await post(new Uint8Array(8 * MEBIBYTE))).status).toBe(200)
    const refused = await post(new Uint8Array(8 * MEBIBYTE + 1))
    expect(refused).toMatchObject({ status: 413, body: { code: 'request-invalid', detail: /8 MiB/ } })
    expect(push.requests).toHaveLength(1)
  })

  it('unpacks 32 MiB, and no more', async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(33 * MEBIBYTE)))
    const refused = await post(bomb, { ...NDJSON, 'content-encoding': 'gzip' })
    expect(refused).toMatchObject({ status: 400, body: { detail: /gzip of at most 32 MiB/ } })
    expect(push.requests).toHaveLength(0)
  })

  it.each([
    ['an unknown type', 'x', { 'content-type': 'text/html' }, '', 415, /content-type: expected one of/],
    ['no type', new Uint8Array([1]), {}, '', 415, /content-type: expected one of/],
    ['an unknown encoding', 'x', { ...NDJSON, 'content-encoding': 'br' }, '', 400, /content-encoding: expected gzip/],
    ['broken gzip', 'x', { ...NDJSON, 'content-encoding': 'gzip' }, '', 400, /body: expected gzip/],
    ['no body', '', NDJSON, '', 400, /body: expected events/],
    ['a misspelt parameter', 'x', NDJSON, '?stict=true', 400, /strict/],
    ['strict that is neither', 'x', NDJSON, '?strict=yes', 400, /strict/],
    ['a venue that is none', 'x', NDJSON, '?venue=%20', 400, /venue/],
    ['a long key', 'x', { ...NDJSON, 'idempotency-key': 'k'.repeat(256) }, '', 400, /idempotency-key/],
    ['a foreign origin', 'x', { ...NDJSON, origin: 'http://evil.example' }, '', 403, /origin/],
  ])('refuses %s', async (_, body, headers, query, status, detail) => {
    const answer = await post(body, headers as Record<string, string>, query)
    expect(answer).toMatchObject({ status, body: { status } })
    expect(answer.body.detail).toMatch(detail)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(push.requests).toHaveLength(0)
  })
})

describe('a push that cannot be taken now', () => {
  it('says when to come again where the queue is full', async () => {
    push.isPrompt = false
    const answer = post('{}')
    await expect.poll(() => push.requests.length).toBe(1)
    push.refuse(0, QUEUE_FULL)
    expect(await answer).toMatchObject({ status: 429, body: { code: 'queue-full' } })
    expect((await answer).headers.get('retry-after')).toBe('1')
  })

  it('shows why a strict batch is refused', async () => {
    push.isPrompt = false
    const answer = post('{}')
    await expect.poll(() => push.requests.length).toBe(1)
    push.refuse(0, new FinPulseError('event-invalid', 'body: 1 of 1 lines are bad'))
    expect(await answer).toMatchObject({ status: 400, body: { code: 'event-invalid', detail: /1 of 1/ } })
    expect((await answer).headers.has('retry-after')).toBe(false)
  })

  it('is not there for a replay, in words', async () => {
    delete test.engine.push
    expect(await post('{}')).toMatchObject({ status: 404, body: { code: 'not-found', detail: /a replay takes none/ } })
  })
})

describe('the route', () => {
  it('leaves the limit of other routes alone', async () => {
    const response = await fetch(`${test.server.url}/api/v1/replay/speed`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ speed: 1, more: 'x'.repeat(65 * 1024) }),
    })
    expect(response.status).toBe(413)
  })

  it('is described with its types and an example', async () => {
    const response = await fetch(`${test.server.url}/api/v1/openapi.json`)
    const document = (await response.json()) as { paths: Record<string, { post: Operation }> }
    const { requestBody, responses } = document.paths['/api/v1/events']!.post
    expect(Object.keys(requestBody.content)).toEqual(['application/x-ndjson', 'text/csv', 'application/json'])
    expect(JSON.stringify(requestBody)).toContain('BTC-EUR')
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['200', '400', '413', '415', '429', '503']))
  })
})
