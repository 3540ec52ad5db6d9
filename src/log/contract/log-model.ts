import fc from 'fast-check'
import { expect } from 'vitest'
import type { Topic } from '../../events/topic.ts'
import type { Commit, EventLog } from '../event-log.ts'
import type { EventLogUnderTest } from './event-log-under-test.ts'

/** The log as plain arrays: what the rules say, in the slowest possible way. */
interface ModelBatch {
  readonly firstOffset: number
  readonly recordCount: number
  readonly payload: Uint8Array
  readonly maxEventTimeUs: number
}

class ModelLog {
  readonly partitions = new Map<string, ModelBatch[]>()
  readonly checkpoints = new Map<string, Uint8Array>()

  batchesOf(topic: Topic, partition: number): ModelBatch[] {
    const key = `${topic}/${partition}`
    const batches = this.partitions.get(key) ?? []
    this.partitions.set(key, batches)
    return batches
  }

  commit(commit: Commit): number[] {
    for (const { name, value } of commit.checkpoints ?? []) {
      if (value === undefined) this.checkpoints.delete(name)
      else this.checkpoints.set(name, value)
    }
    return commit.appends.map(({ topic, partition, batch }) => {
      const batches = this.batchesOf(topic, partition)
      const firstOffset = endOf(batches)
      batches.push({ ...batch, firstOffset })
      return firstOffset
    })
  }

  retain(topic: Topic, partition: number, maxBytes: number, oldestKeptUs: number): number {
    const batches = this.batchesOf(topic, partition)
    const bytes = () => batches.reduce((sum, batch) => sum + batch.payload.length, 0)
    let dropped = 0
    while (batches.length > 1 && (bytes() > maxBytes || batches[0]!.maxEventTimeUs < oldestKeptUs)) {
      dropped += batches.shift()!.recordCount
    }
    return dropped
  }

  reset(): void {
    this.partitions.clear()
    this.checkpoints.clear()
  }
}

function endOf(batches: readonly ModelBatch[]): number {
  const last = batches.at(-1)
  return last === undefined ? 0 : last.firstOffset + last.recordCount
}

type ModelCommand =
  | { readonly kind: 'commits'; readonly commits: readonly Commit[] }
  | {
      readonly kind: 'read'
      readonly topic: Topic
      readonly partition: number
      readonly share: number
      readonly maxBytes: number
    }
  | { readonly kind: 'retain'; readonly topic: Topic; readonly maxBytes: number; readonly maxAgeUs: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'reopen' }

const NOW_US = 1_000
const PARTITIONS = [0, 1]

const topic = fc.constantFrom<Topic>('market.trades', 'alerts')
const partition = fc.constantFrom(...PARTITIONS)
const commit: fc.Arbitrary<Commit> = fc.record({
  appends: fc.array(
    fc.record({
      topic,
      partition,
      batch: fc.record({
        recordCount: fc.integer({ min: 1, max: 9 }),
        payload: fc.uint8Array({ maxLength: 40 }),
        maxEventTimeUs: fc.integer({ min: 0, max: NOW_US }),
      }),
    }),
    { maxLength: 4 },
  ),
  checkpoints: fc.array(
    fc.record({ name: fc.constantFrom('a', 'b'), value: fc.uint8Array({ maxLength: 9 }) }, { requiredKeys: ['name'] }),
    { maxLength: 2 },
  ),
})

/** Commits of one command are made in one turn. */
export const modelCommandsArbitrary: fc.Arbitrary<ModelCommand[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('commits'), commits: fc.array(commit, { maxLength: 4 }) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('read'),
        topic,
        partition,
        share: fc.double({ min: 0, max: 1, noNaN: true }),
        maxBytes: fc.integer({ min: 0, max: 200 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('retain'),
        topic,
        maxBytes: fc.integer({ min: 0, max: 300 }),
        maxAgeUs: fc.integer({ min: 0, max: NOW_US }),
      }),
    },
    { weight: 1, arbitrary: fc.constantFrom<ModelCommand>({ kind: 'reset' }, { kind: 'reopen' }) },
  ),
  { maxLength: 20 },
)

/** Runs the commands against the log, emptied first, and against the model, and compares all that can be seen. */
export async function checkAgainstModel(subject: EventLogUnderTest, commands: readonly ModelCommand[]): Promise<void> {
  const model = new ModelLog()
  let { log } = subject
  await log.reset()
  for (const command of commands) {
    if (command.kind === 'reopen') log = (await subject.reopen?.()) ?? log
    else await applyCommand(log, model, command)
  }
  for (const stats of await log.stats()) {
    const batches = model.batchesOf(stats.topic, stats.partition)
    const read = await log.read(stats.topic, stats.partition, stats.startOffset, Number.MAX_SAFE_INTEGER)
    expect(read).toMatchObject(batches)
    expect(stats.payloadBytes).toBe(batches.reduce((sum, batch) => sum + batch.payload.length, 0))
    model.partitions.delete(`${stats.topic}/${stats.partition}`)
  }
  expect([...model.partitions.values()].flat()).toEqual([])
  for (const name of ['a', 'b']) expect(await log.checkpoint(name)).toEqual(model.checkpoints.get(name))
}

async function applyCommand(log: EventLog, model: ModelLog, command: ModelCommand): Promise<void> {
  if (command.kind === 'commits') {
    const receipts = await Promise.all(command.commits.map((each) => log.commit(each)))
    expect(receipts.map((receipt) => receipt.firstOffsets)).toEqual(command.commits.map((each) => model.commit(each)))
  } else if (command.kind === 'read') {
    await checkRead(log, model.batchesOf(command.topic, command.partition), command)
  } else if (command.kind === 'retain') {
    const { kind: _, ...policy } = command
    const expected = PARTITIONS.map((each) => {
      return model.retain(command.topic, each, command.maxBytes, NOW_US - command.maxAgeUs)
    })
    expect(await log.retain([policy], NOW_US)).toBe(expected.reduce((sum, count) => sum + count))
  } else {
    model.reset()
    await log.reset()
  }
}

async function checkRead(
  log: EventLog,
  batches: readonly ModelBatch[],
  command: ModelCommand & { readonly kind: 'read' },
): Promise<void> {
  const endOffset = endOf(batches)
  const startOffset = batches[0]?.firstOffset ?? 0
  const fromOffset = startOffset + Math.floor(command.share * (endOffset - startOffset))
  const expected: ModelBatch[] = []
  let bytes = 0
  for (const batch of batches.filter((each) => each.firstOffset + each.recordCount > fromOffset)) {
    bytes += batch.payload.length
    if (expected.length > 0 && bytes > command.maxBytes) break
    expected.push(batch)
  }
  expect(await log.bounds(command.topic, command.partition)).toEqual({ startOffset, endOffset })
  expect(await log.read(command.topic, command.partition, fromOffset, command.maxBytes)).toMatchObject(expected)
}
