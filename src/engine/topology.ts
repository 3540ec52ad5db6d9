import type { Topic } from '../events/topic.ts'

export const ROLES = ['ingest', 'process', 'store', 'serve'] as const
export type Role = (typeof ROLES)[number]

export interface RoleTopics {
  readonly reads: readonly Topic[]
  readonly writes: readonly Topic[]
  /** Thread of `finpulse up` that runs the role. */
  readonly thread: 'pipeline' | 'store' | 'main'
}

/** Which role reads and writes which topic: the engine starts its roles from this table. */
export const TOPOLOGY: Readonly<Record<Role, RoleTopics>> = {
  ingest: {
    reads: [],
    writes: ['market.trades', 'market.quotes', 'payments', 'labels', 'alerts', 'gaps', 'dead-letters'],
    thread: 'pipeline',
  },
  process: {
    reads: ['market.trades'],
    writes: ['market.candles', 'alerts', 'gaps', 'dead-letters'],
    thread: 'pipeline',
  },
  store: {
    reads: ['market.trades', 'market.quotes', 'market.candles', 'alerts', 'gaps'],
    writes: [],
    thread: 'store',
  },
  serve: { reads: ['market.trades', 'market.quotes', 'market.candles', 'alerts'], writes: [], thread: 'main' },
}
