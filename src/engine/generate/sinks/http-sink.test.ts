import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { removeTempDirectories } from '../../../../tests/support/temp-directory.ts'
import { type Clock, systemClock } from '../../../base/clock.ts'
import { headerOf } from '../event-lines.ts'
import type { SourceSpec } from '../source-spec.ts'
import { generate, lines, linesOf, runOf } from '../testing/generated.ts'
import { HttpSink } from './http-sink.ts'

afterEach(removeTempDirectories)

const NEVER = new Promise<number>(() => undefined)
/** Sleeps a hundredth of what it is told to: nobody's patience is waited for. */
const hastyClock: Clock = {
  nowUs: () => systemClock.nowUs(),
  sleep: (milliseconds, signal) => systemClock.sleep(milliseconds / 100, signal),
}

let server: Server
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

/** @param answer status of each request, which are numbered from 1 */
async function listen(
  answer: (requestNumber: number) => Promise<number>,
  retryAfterSeconds = 0,
): Promise<{ url: string; bodies: string[] }> {
  const bodies: string[] = []
  const headers = { 'retry-after': String(retryAfterSeconds), location: '/elsewhere' }
  server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', async () => {
      bodies.push(body)
      response.writeHead(await answer(bodies.length), headers).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`, bodies }
}

describe('an HTTP place', () => {
  it('that is slow gets all lines in order, in few requests', async () => {
    const { url, bodies } = await listen(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return 204
    })
    const summary = await generate(lines, new HttpSink(url, 'ndjson', headerOf(lines)), 20_000)
    expect(bodies.join('').trim().split('\n')).toEqual(await linesOf(lines, 20_000))
    // 79 pieces.
    expect(bodies.length).toBeLessThan(12)
    expect(Math.max(...bodies.map(({ length }) => length))).toBeLessThanOrEqual(1_000_000)
    expect(summary).toMatchObject({ nextIndex: 20_000, events: { trades: 20_000 } })
    expect(summary.sinkWaitMs).toBeGreaterThan(20)
  })

  it('gets large pieces in bodies of a megabyte at most, of whole lines', async () => {
    const { url, bodies } = await listen(async () => 204)
    const large: SourceSpec = { ...lines, pieceCount: 8192 }
    const summary = await generate(large, new HttpSink(url, 'ndjson', headerOf(lines)), 20_000)
    expect(bodies.join('').trim().split('\n')).toEqual(await linesOf(lines, 20_000))
    for (const body of bodies) {
      expect(body.length).toBeLessThanOrEqual(1_000_000)
      expect(body.endsWith('}\n')).toBe(true)
    }
    expect(summary.bytes).toBe(bodies.join('').length)
  })

  it('gets CSV whose every body has the header', async () => {
    const { url, bodies } = await listen(async () => 204)
    const csv: SourceSpec = { ...lines, format: 'csv' }
    await generate(csv, new HttpSink(url, 'csv', headerOf(csv)), 3000)
    const rows = bodies.flatMap((body) => {
      const [header, ...rest] = body.trim().split('\n')
      expect(header).toBe('time,venue,symbol,price,quantity,side,id')
      return rest
    })
    expect(rows.length).toBe(3000)
  })

  it('that is full gets the same once more', async () => {
    const { url, bodies } = await listen(async (requestNumber) => (requestNumber % 3 === 0 ? 204 : 429))
    await generate(lines, new HttpSink(url, 'ndjson', headerOf(lines)), 3000)
    const taken = bodies.filter((_, index) => index % 3 === 2)
    expect(bodies).toEqual(taken.flatMap((body) => [body, body, body]))
    expect(taken.join('').trim().split('\n')).toEqual(await linesOf(lines, 3000))
  })
})

describe('an HTTP place in trouble', () => {
  it('that refuses ends the run, which knows what was taken', async () => {
    const { url, bodies } = await listen(async (requestNumber) => (requestNumber < 3 ? 204 : 507))
    const run = runOf(lines, new HttpSink(url, 'ndjson', headerOf(lines)), 500_000)
    await expect(run.run(new AbortController().signal)).rejects.toThrow(`${url}: answered 507`)
    const taken = bodies.slice(0, 2).join('').trim().split('\n')
    expect(run.summary()).toMatchObject({ nextIndex: taken.length, events: { trades: taken.length } })
  })

  it('that has moved ends the run: its new place is not asked instead, without the events', async () => {
    const { url, bodies } = await listen(async () => 301)
    const sink = new HttpSink(url, 'ndjson', headerOf(lines))
    await expect(generate(lines, sink, 500)).rejects.toThrow(
      `${url}: answered 301: it has moved to /elsewhere; give --out that address`,
    )
    expect(bodies).toHaveLength(1)
  })

  it('that does not answer ends the run', async () => {
    const { url } = await listen(async (requestNumber) => (requestNumber === 1 ? 204 : NEVER))
    const run = runOf(lines, new HttpSink(url, 'ndjson', headerOf(lines), 100), 500_000)
    await expect(run.run(new AbortController().signal)).rejects.toThrow(`${url}: no answer within 0.1 s`)
    expect(run.summary().nextIndex).toBeGreaterThan(0)
  })

  it.each([
    ['does not answer', async () => NEVER],
    ['wants to be asked much later', async () => 503],
  ])('that %s is given up when the run is interrupted', async (_, answer) => {
    const { url } = await listen(answer, 30)
    const run = runOf(lines, new HttpSink(url, 'ndjson', headerOf(lines)), 500_000, { clock: hastyClock })
    const interrupt = new AbortController()
    const ended = run.run(interrupt.signal)
    await sleep(100)
    interrupt.abort()
    await ended
    expect(run.hasGivenUp).toBe(true)
    expect(run.summary()).toMatchObject({ nextIndex: 0, events: {}, fromMs: null })
  })

  it('that stands still shows at once, in lag and wait, while it does', async () => {
    const { url } = await listen(async () => NEVER)
    const large: SourceSpec = { ...lines, pieceCount: 65_536 }
    const run = runOf(large, new HttpSink(url, 'ndjson', headerOf(lines)), 500_000, {
      clock: hastyClock,
      pacedRate: 500,
    })
    const ended = run.run(new AbortController().signal)
    await expect.poll(() => run.summary().sinkWaitMs, { timeout: 30_000 }).toBeGreaterThan(0)
    const [first, wait] = [run.summary().lagMs!, run.summary().sinkWaitMs]
    await sleep(200)
    const { lagMs, sinkWaitMs, nextIndex } = run.summary()
    expect(nextIndex).toBe(0)
    expect(lagMs!.max - first.max).toBeGreaterThan(150)
    expect(sinkWaitMs - wait).toBeGreaterThan(150)
    run.giveUp()
    await ended
  })
})
