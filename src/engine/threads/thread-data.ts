import type { Config } from '../config.ts'

/** What a worker thread is started with. */
export interface ThreadData {
  readonly config: Config
  /** Wakes the readers of the log in every thread. */
  readonly doorbell: SharedArrayBuffer
}

/** Directory of the log inside the data directory. */
export const LOG_DIRECTORY = 'log'
/** Directory of the store inside the data directory. */
export const STORE_DIRECTORY = 'store'
