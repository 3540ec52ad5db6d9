import { stripVTControlCharacters } from 'node:util'
import { expect, it } from 'vitest'
import type { PipelineStatus } from '../pipeline-status.ts'
import { type StatusView, statusText } from './status-line.ts'

const PIPELINE: PipelineStatus = {
  feed: 'simulator',
  epoch: 'one',
  progress: { fromUs: 0, toUs: 100, atUs: 50, fraction: 0.5, isDone: false },
  hasEnded: false,
  tradeCount: 1,
  quoteCount: 1,
  candleCount: 1,
  alertCount: 1234,
  gapCount: 0,
  deadLetterCount: 0,
  paymentCount: 0,
  labelCount: 0,
  feeds: [],
  duplicateCount: 0,
  processLagCount: 0,
  backPressureCount: 0,
  newestTimeUs: 0,
  dropped: {},
}

const VIEW: StatusView = {
  url: 'http://127.0.0.1:8000',
  readiness: { isReady: true, detail: 'running' },
  pipeline: PIPELINE,
  eventsPerSecond: 98_765.4,
  lagCount: 12,
  isStopping: false,
}

function plainText(view: Partial<StatusView>, columns = 200): string {
  return stripVTControlCharacters(statusText({ ...VIEW, ...view }, columns))
}

it('says how fast, how far behind, what was found, where, and how to stop', () => {
  expect(plainText({})).toBe('● running  98,765 events/s  lag 12  1,234 alerts  http://127.0.0.1:8000  Ctrl-C stops')
})

it('shows how far the history is while it is made', () => {
  const text = plainText({ readiness: { isReady: false, detail: 'back-fill: 50 %' } })
  expect(text).toBe('● history ████████████░░░░░░░░░░░░ 50 %  98,765 events/s  http://127.0.0.1:8000')
})

it('says what is awaited where there is no progress to show', () => {
  expect(plainText({ readiness: { isReady: false, detail: 'starting' }, pipeline: undefined })).toMatch(
    /^● starting {2}98,765 events\/s {2}lag 12 {2}0 alerts/,
  )
})

it('is never wider than the terminal', () => {
  const views: Partial<StatusView>[] = [{}, { isStopping: true }, { readiness: { isReady: false, detail: 'x' } }]
  for (const view of views) {
    for (let columns = 1; columns < 120; columns++) expect(plainText(view, columns).length).toBeLessThanOrEqual(columns)
  }
})
