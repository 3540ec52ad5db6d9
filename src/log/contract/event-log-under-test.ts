import type { Clock } from '../../base/clock.ts'
import type { EventLog, EventLogReader } from '../event-log.ts'

export interface EventLogUnderTest {
  readonly log: EventLog
  /** A further reader of the same log. */
  openReader(): Promise<EventLogReader>
  /** Closes the log and opens it again; only of durable adapters. */
  reopen?(): Promise<EventLog>
  dispose(): Promise<void>
}

/** Makes an empty log of its own for each rule. */
export type EventLogFactory = (clock: Clock) => Promise<EventLogUnderTest>
