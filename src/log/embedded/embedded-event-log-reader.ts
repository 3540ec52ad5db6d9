import { LogView } from '../log-view.ts'
import { DoorbellWatch, PollingWatch } from './commit-watch.ts'
import { doorbellCounter } from './doorbell.ts'
import { openForReading } from './log-file.ts'
import { LogQueries } from './log-queries.ts'

export interface EmbeddedEventLogReaderOptions {
  readonly directory: string
  /** The writer's; without it the reader polls the file every 20 ms while it waits. */
  readonly doorbell?: SharedArrayBuffer
}

/**
 * Reads the log of a directory while a writer in another thread or process goes on. Each read is a snapshot: it never
 * sees half a commit, and holds nothing when it returns.
 */
export class EmbeddedEventLogReader extends LogView {
  /** @throws FinPulseError not-ready where no writer has created the log yet; data-dir-incompatible */
  static open({ directory, doorbell }: EmbeddedEventLogReaderOptions): EmbeddedEventLogReader {
    const db = openForReading(directory)
    const watch = doorbell === undefined ? new PollingWatch(db) : new DoorbellWatch(doorbellCounter(doorbell))
    return new EmbeddedEventLogReader(
      new LogQueries(db),
      (timeoutMs) => watch.wait(timeoutMs),
      () => {
        watch.close()
        db.close()
      },
    )
  }
}
