import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { MARKET_ANOMALY_KINDS } from '../../../events/label.ts'
import { ANOMALY_KINDS } from './anomaly-kinds.ts'

it('the ranges in the docs are those of the code', () => {
  const text = readFileSync(new URL('../../../../docs/market-anomalies.md', import.meta.url), 'utf8')
  const rows = MARKET_ANOMALY_KINDS.map((kind) => {
    const { unit, drawn, allowed, isSigned, durationMs } = ANOMALY_KINDS[kind]
    const sign = isSigned ? '±' : ''
    const range = ([least, most]: readonly [number, number], unitSize = 1) =>
      `${least / unitSize} to ${most / unitSize}`
    return `| \`${kind}\` | ${unit} | ${sign}${range(drawn)} | ${sign}${range(allowed)} | ${range(durationMs, 1000)} |`
  })
  const start = text.indexOf(rows[0]!)
  expect(text.slice(start, start + rows.join('\n').length)).toBe(rows.join('\n'))
})
