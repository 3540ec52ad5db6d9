import { expect, it } from 'vitest'
import { FinPulseError, messageOf } from './errors.ts'

it('the text of an error says what caused it', () => {
  const refused = new Error('connect ECONNREFUSED 127.0.0.1:9')
  expect(messageOf(new TypeError('fetch failed', { cause: refused }))).toBe(
    'fetch failed: connect ECONNREFUSED 127.0.0.1:9',
  )
  const both = new AggregateError([new Error('connect ECONNREFUSED ::1:9'), refused])
  expect(messageOf(new TypeError('fetch failed', { cause: both }))).toBe(
    'fetch failed: connect ECONNREFUSED ::1:9: connect ECONNREFUSED 127.0.0.1:9',
  )
  expect(messageOf('odd')).toBe('odd')
})

it('the text of our own errors has its cause already', () => {
  const cause = new Error('ENOENT')
  expect(messageOf(new FinPulseError('sink-failed', 'a.ndjson: ENOENT', { cause }))).toBe('a.ndjson: ENOENT')
})
