import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { decodePayments } from '../../src/events/batch-codec.ts'
import { type Label, MARKET_ANOMALY_KINDS } from '../../src/events/label.ts'
import { FRAUD_KINDS } from '../../src/events/payment.ts'
import type { FeedRow } from '../../src/protocol/rest.ts'
import { openLog, readLog, recordsOf } from '../support/log-content.ts'
import { poll } from '../support/poll.ts'
import { killAllPrograms, Program } from '../support/program.ts'
import { removeTempDirectories, tempDirectory } from '../support/temp-directory.ts'

/* Market, payments and the truth about both on one log, in the real process. */

let cwd: string
beforeEach(() => {
  cwd = tempDirectory()
})
afterEach(async () => {
  await killAllPrograms()
  await removeTempDirectories()
})

const CONFIG = `
feed:
  anomalies: { ratesPerDay: { flash-crash: 6, fat-finger: 12, stale-feed: 6, crossed-quotes: 6 } }
payments:
  labels: { median: 20m, min: 1m, max: 2h }
  scenarios: { card-testing: { share: 0.01 }, fan-in: { share: 0.01 } }
`

async function paymentIds(dataDirectory: string): Promise<number[]> {
  const log = openLog(dataDirectory)
  const ids: number[] = []
  for (let offset = 0; ; ) {
    const batches = await log.read('payments', 0, offset, 1 << 24)
    if (batches.length === 0) break
    for (const { payload, firstOffset, recordCount } of batches) {
      const payments = decodePayments(payload)
      ids.push(...payments.id.subarray(0, payments.count))
      offset = firstOffset + recordCount
    }
  }
  await log.close()
  return ids
}

it('market, payments and labels are on one log, each once, through kill -9', { timeout: 120_000 }, async () => {
  const config = join(cwd, 'world.yaml')
  writeFileSync(config, CONFIG)
  const args = ['up', '--port', '0', '--data-dir', 'data', '--config', config]
  args.push('--rate', '20', '--payments-rate', '50', '--backfill', '6h')
  for (const target of [100_000, 500_000]) {
    const program = Program.start(args, { cwd })
    const url = await program.serving()
    await untilPayments(url, target)
    await program.kill()
  }
  const program = Program.start(args, { cwd })
  await program.logged('ready')
  const url = await program.serving()
  await untilPayments(url, 6 * 3600 * 50)
  const feeds = (await (await fetch(`${url}/api/v1/feeds`)).json()) as { data: FeedRow[] }
  expect(feeds.data.map(({ name }) => name)).toEqual(['simulator', 'push', 'payments'])
  await program.interrupt()

  const ids = await paymentIds(join(cwd, 'data'))
  expect(ids.length).toBeGreaterThanOrEqual(6 * 3600 * 50)
  expect(ids.every((id, index) => id === index + 1)).toBe(true)
  const labels = recordsOf<Label>(await readLog(join(cwd, 'data')), 'labels')
  const keys = labels.map((label) => (label.type === 'payment-label' ? `payment ${label.paymentId}` : label.id))
  expect(new Set(keys).size).toBe(keys.length)
  const kinds = new Set(labels.map(({ kind }) => kind))
  expect([...kinds]).toEqual(
    expect.arrayContaining(['card-testing', 'fan-in', 'flash-crash', 'fat-finger', 'stale-feed']),
  )
  expect([...kinds].filter((kind) => ![...FRAUD_KINDS, ...MARKET_ANOMALY_KINDS].includes(kind as never))).toEqual([])
})

/** Waits until the log holds so many payments. */
async function untilPayments(url: string, count: number): Promise<void> {
  const read = async () => {
    const text = await (await fetch(`${url}/metrics`)).text()
    return Number(/^finpulse_log_payments_total (\d+)/m.exec(text)?.[1] ?? 0) >= count || undefined
  }
  await poll(`${count} payments in the log`, read, 60_000)
}
