import { expect, it } from 'vitest'
import { SimulatedClock } from './clock.ts'
import { FinPulseError } from './errors.ts'
import { retrying } from './retry.ts'

function refused(): FinPulseError {
  return new FinPulseError('log-failed', 'disk is full', { retryable: true })
}

it('waits longer after each failure, at most five seconds, and gives the result in the end', async () => {
  const clock = new SimulatedClock(0)
  const waits: number[] = []
  let callCount = 0
  const operation = async () => {
    callCount += 1
    if (callCount < 11) throw refused()
    return 'done'
  }
  const signal = new AbortController().signal
  const result = retrying(operation, { clock, signal, onRetry: (_error, delayMs) => waits.push(delayMs) })
  await clock.advance(60_000)
  expect(await result).toBe('done')
  expect(waits).toEqual([50, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000])
})

it('passes on at once what would fail again', async () => {
  const options = { clock: new SimulatedClock(0), signal: new AbortController().signal, onRetry: () => undefined }
  const fails = (error: unknown) => retrying(() => Promise.reject(error), options)
  const final = new FinPulseError('log-conflict', 'another writer')
  await expect(fails(final)).rejects.toBe(final)
  await expect(fails(new TypeError('x'))).rejects.toThrow(TypeError)
})

it('gives up with the reason of the signal', async () => {
  const abort = new AbortController()
  const reason = new Error('stop')
  const options = { clock: new SimulatedClock(0), signal: abort.signal, onRetry: () => abort.abort(reason) }
  await expect(retrying(() => Promise.reject(refused()), options)).rejects.toBe(reason)
})
