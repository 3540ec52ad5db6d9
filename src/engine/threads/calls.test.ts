import { MessageChannel, Worker } from 'node:worker_threads'
import { afterEach, expect, it } from 'vitest'
import { FinPulseError } from '../../base/errors.ts'
import { notify, serveCalls, WorkerCalls } from './calls.ts'

const workers: WorkerCalls[] = []

/** A thread whose program is the text; it imports what a real one does. */
function startThread(program: string, onFailure: (error: unknown) => void = () => undefined) {
  const notices: unknown[] = []
  const calls = new URL('./calls.ts', import.meta.url)
  const errors = new URL('../../base/errors.ts', import.meta.url)
  const text = `import { parentPort } from 'node:worker_threads'
    import { notify, serveCalls } from '${calls}'
    import { FinPulseError } from '${errors}'
    ${program}`
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(text)}`))
  const thread = new WorkerCalls(worker, 'test', (notice: never) => notices.push(notice), onFailure)
  workers.push(thread)
  return { thread, notices }
}

afterEach(async () => {
  await Promise.all(workers.splice(0).map((thread) => thread.terminate()))
})

const PROGRAM = `
  serveCalls(parentPort, {
    add: (a, b) => a + b,
    later: async (value) => new Promise((resolve) => setTimeout(() => resolve(value), 20)),
    refuse: () => { throw new FinPulseError('store-failed', 'no', { retryable: true, context: { field: 'a' } }) },
    crash: () => { setImmediate(() => { throw new Error('out of order') }); return new Promise(() => undefined) },
    nap: () => new Promise(() => undefined),
    tell: () => notify(parentPort, { rows: 3 }),
    bytes: () => new Map([['a', Uint8Array.of(1, 2)]]),
  })`

it('calls are answered each to its caller, in whatever order they end', async () => {
  const { thread } = startThread(PROGRAM)
  const answers = Promise.all([thread.call('later', 'slow'), thread.call('add', 2, 3), thread.call('bytes')])
  expect(await answers).toEqual(['slow', 5, new Map([['a', Uint8Array.of(1, 2)]])])
})

it('an error keeps its code, its context, and whether it may be tried again', async () => {
  const { thread } = startThread(PROGRAM)
  const error = await thread.call('refuse').catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(FinPulseError)
  expect(error).toMatchObject({ code: 'store-failed', message: 'no', retryable: true, context: { field: 'a' } })
})

it('an unknown method is a defect that names it', async () => {
  const { thread } = startThread(PROGRAM)
  await expect(thread.call('nothing')).rejects.toThrow('call nothing: no such method in this thread')
})

it('notices come without being asked for', async () => {
  const { thread, notices } = startThread(PROGRAM)
  await thread.call('tell')
  expect(notices).toEqual([{ rows: 3 }])
})

it('a thread that fails rejects what it owes, and all that is asked of it later', async () => {
  const failures: unknown[] = []
  const { thread } = startThread(PROGRAM, (error) => failures.push(error))
  await expect(thread.call('crash')).rejects.toMatchObject({
    code: 'worker-failed',
    message: 'test thread: out of order',
  })
  await expect(thread.call('add', 1, 1)).rejects.toMatchObject({ code: 'worker-failed' })
  expect(failures).toHaveLength(1)
})

it('a thread that was ended answers nothing more', async () => {
  const { thread } = startThread(PROGRAM)
  await thread.call('add', 1, 1)
  const owed = thread.call('nap')
  owed.catch(() => undefined)
  await thread.terminate()
  await expect(owed).rejects.toMatchObject({ code: 'not-ready' })
  await expect(thread.call('add', 1, 1)).rejects.toMatchObject({ code: 'not-ready' })
})

it('what is no call is passed over by the side that answers', async () => {
  const { port1, port2 } = new MessageChannel()
  const received: unknown[] = []
  port1.on('message', (message: unknown) => received.push(message))
  serveCalls(port2, { twice: (value: number) => value * 2 })
  port1.postMessage({ type: 'answer', id: 9 })
  notify(port1, 'hello')
  port1.postMessage({ type: 'call', id: 7, method: 'twice', args: [4] })
  await expect.poll(() => received).toEqual([{ type: 'answer', id: 7, result: 8 }])
  port1.close()
})
