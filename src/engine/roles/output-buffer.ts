import type { Alert } from '../../events/alert.ts'
import type { Candle } from '../../events/candle.ts'
import type { DeadLetter } from '../../events/dead-letter.ts'
import type { Gap } from '../../events/gap.ts'
import { encodeRecords } from '../../events/json.ts'
import type { Topic } from '../../events/topic.ts'
import type { Append } from '../../log/event-log.ts'
import type { Outputs } from '../../processors/processor.ts'

/** Records derived so far, by topic, over the whole life of the log. */
export type EmittedCounts = Record<'market.candles' | 'alerts' | 'gaps' | 'dead-letters', number>

export function noEmittedCounts(): EmittedCounts {
  return { 'market.candles': 0, alerts: 0, gaps: 0, 'dead-letters': 0 }
}

/**
 * Collects what a processor derives until it is committed. After a restart from an older snapshot the processor derives
 * again what the log already has: the same, since it is deterministic, so it is counted and left out.
 */
export class OutputBuffer implements Outputs {
  /** Derived since the beginning, the ones left out included. */
  emitted: EmittedCounts = noEmittedCounts()
  /** What the log held at the restart. */
  #committed: EmittedCounts = noEmittedCounts()
  readonly #records = new Map<keyof EmittedCounts, object[]>()
  #newestTimeMs = 0

  restore(emitted: EmittedCounts, committed: EmittedCounts): void {
    this.emitted = { ...emitted }
    this.#committed = { ...committed }
  }

  candle(candle: Candle): void {
    this.#add('market.candles', candle, candle.openTimeMs)
  }

  alert(alert: Alert): void {
    this.#add('alerts', alert, alert.eventTimeMs)
  }

  gap(gap: Gap): void {
    this.#add('gaps', gap, gap.eventTimeMs)
  }

  deadLetter(deadLetter: DeadLetter): void {
    this.#add('dead-letters', deadLetter, deadLetter.receivedTimeMs)
  }

  #add(topic: keyof EmittedCounts, record: object, timeMs: number): void {
    this.emitted[topic] += 1
    if (this.emitted[topic] <= this.#committed[topic]) return
    const records = this.#records.get(topic)
    if (records === undefined) this.#records.set(topic, [record])
    else records.push(record)
    this.#newestTimeMs = Math.max(this.#newestTimeMs, timeMs)
  }

  /**
   * What the log holds once all that was collected is committed. While the processor still derives again what the log
   * already has, that is more than `emitted`.
   */
  get inLog(): EmittedCounts {
    const counts = { ...this.emitted }
    for (const topic of Object.keys(counts) as (keyof EmittedCounts)[]) {
      counts[topic] = Math.max(counts[topic], this.#committed[topic])
    }
    return counts
  }

  get isEmpty(): boolean {
    return this.#records.size === 0
  }

  /** The appends of all that was collected. It stays collected until `clear`: a commit that fails is tried again. */
  appends(partition: number): Append[] {
    const maxEventTimeUs = Math.round(this.#newestTimeMs * 1000)
    return [...this.#records].map(([topic, records]): Append => {
      const batch = { recordCount: records.length, payload: encodeRecords(records), maxEventTimeUs }
      return { topic: topic as Topic, partition, batch }
    })
  }

  /** What was collected is committed. */
  clear(): void {
    this.#records.clear()
  }
}
