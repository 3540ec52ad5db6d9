import { expect, it } from 'vitest'
import { approachText, progressText, summaryText } from './generate-report.ts'

const summary = {
  sink: 'a.ndjson',
  events: { trades: 150_000 },
  bytes: 25_982_008,
  seconds: 3,
  eventsPerSecond: 49_976,
  targetPerSecond: 50_000,
  nextIndex: 150_000,
  fromMs: 0,
  toMs: 3000,
  sinkWaitMs: 96,
  lagMs: { p50: 1.543, p99: 24.703, max: 38.6 },
}

it('the progress of a run fits its terminal, its bar what is left of it', () => {
  expect(progressText(0.5, summary, 80)).toBe(
    '█████░░░░ 50 %  49,976 of 50,000/s  lag p50 1.5 p99 25 ms  26 MB  sink wait 3 %',
  )
  expect(progressText(0.5, summary, 40)).toBe('███░░░ 50 %  49,976 of 50,000/s  lag p5')
  expect(progressText(1, { ...summary, targetPerSecond: null, lagMs: null }, 80)).toBe(
    `${'█'.repeat(24)} 100 %  49,976 events/s  26 MB  sink wait 3 %`,
  )
})

it('the way to the first event is drawn too', () => {
  expect(approachText(0.25, 1e10, 60)).toBe('█████░░░░░░░░░░░░░ 25 %  of the way to event 10,000,000,000')
  expect(approachText(0.25, 1e10, 80).length).toBeLessThan(80)
})

it('the summary of a run has what was made, where it went and how late', () => {
  expect(summaryText(summary)).toBe(
    `events       150,000 trades
written      25,982,008 bytes to a.ndjson, waited 96 ms for it
time span    1970-01-01T00:00:00.000Z to 1970-01-01T00:00:03.000Z
elapsed      3.00 s, 49,976 events/s of 50,000 asked for
goes on at   --from 150000
lag          p50 1.543 ms, p99 24.703 ms, max 38.6 ms
`,
  )
})

it('the summary of a run without a label says how to get them', () => {
  expect(summaryText({ ...summary, events: { payments: 10, labels: 0 } })).toMatch(/^labels .*--label-delay 0s/m)
  expect(summaryText({ ...summary, events: { payments: 10, labels: 1 } })).not.toMatch(/^labels/m)
})
