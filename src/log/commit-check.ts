import { FinPulseError } from '../base/errors.ts'
import { TOPICS } from '../events/topic.ts'
import { type Append, BATCH_PAYLOAD_MAX_BYTES, type CheckpointWrite, type Commit } from './event-log.ts'

const RECORD_COUNT_MAX = 2 ** 31 - 1
const PARTITION_MAX = 65_535
const NAME_MAX_CHARS = 256

/**
 * Every adapter checks a whole commit before it stores any of it, so that a malformed one takes nothing else down.
 * @throws FinPulseError internal, naming the field
 */
export function checkCommit(commit: Commit): void {
  commit.appends.forEach(checkAppend)
  commit.checkpoints?.forEach(checkCheckpoint)
}

function checkAppend({ topic, partition, batch }: Append, index: number): void {
  const subject = `commit.appends[${index}]`
  if (!TOPICS.includes(topic)) throw malformed(`${subject}.topic`, `one of ${TOPICS.join(', ')}`, topic)
  checkInteger(`${subject}.partition`, partition, 0, PARTITION_MAX)
  checkInteger(`${subject}.batch.recordCount`, batch.recordCount, 1, RECORD_COUNT_MAX)
  checkInteger(
    `${subject}.batch.maxEventTimeUs`,
    batch.maxEventTimeUs,
    Number.MIN_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER,
  )
  checkBytes(`${subject}.batch.payload`, batch.payload)
}

function checkCheckpoint({ name, value }: CheckpointWrite, index: number): void {
  const subject = `commit.checkpoints[${index}]`
  if (name.length < 1 || name.length > NAME_MAX_CHARS) {
    throw malformed(`${subject}.name`, `1 to ${NAME_MAX_CHARS} characters`, name.slice(0, NAME_MAX_CHARS))
  }
  if (value !== undefined) checkBytes(`${subject}.value`, value)
}

function checkInteger(subject: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw malformed(subject, `an integer from ${min} to ${max}`, value)
  }
}

function checkBytes(subject: string, bytes: Uint8Array): void {
  if (bytes.length > BATCH_PAYLOAD_MAX_BYTES) {
    throw malformed(subject, `at most ${BATCH_PAYLOAD_MAX_BYTES} bytes`, bytes.length)
  }
}

function malformed(subject: string, expected: string, actual: unknown): FinPulseError {
  return new FinPulseError('internal', `${subject}: expected ${expected}, got ${JSON.stringify(actual)}`)
}
