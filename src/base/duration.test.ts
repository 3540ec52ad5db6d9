import { expect, it } from 'vitest'
import { parseDuration } from './duration.ts'

it.each([
  ['500ms', 500],
  ['2s', 2000],
  ['1.5m', 90_000],
  ['24h', 86_400_000],
  [' 7d ', 604_800_000],
  ['0s', 0],
])('%s is understood', (text, milliseconds) => {
  expect(parseDuration(text, 'x')).toBe(milliseconds)
})

it.each(['', '5', 's', '-1s', '1 s', '1w', '1e3s', '.5s', 'NaNs', '1s2m'])('"%s" is refused by name', (text) => {
  expect(() => parseDuration(text, 'log.retention')).toThrow(/^log\.retention: expected a duration such as .*, got "/)
})
