import { FinPulseError } from '../base/errors.ts'
import type { Topic } from '../events/topic.ts'
import type { LogBounds } from './event-log.ts'

export function logClosed(): FinPulseError {
  return new FinPulseError('log-closed', 'event log: used after close(); open it again')
}

/** @throws FinPulseError offset-out-of-range unless `offset` is an integer in [startOffset, endOffset] */
export function checkOffset(topic: Topic, partition: number, offset: number, bounds: LogBounds): void {
  if (Number.isInteger(offset) && offset >= bounds.startOffset && offset <= bounds.endOffset) return
  throw new FinPulseError(
    'offset-out-of-range',
    `${topic}[${partition}]: expected an offset from ${bounds.startOffset} to ${bounds.endOffset}, got ${offset}`,
    { context: { topic, partition, offset, ...bounds } },
  )
}
