import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { eventLogContract } from '../event-log.contract.ts'
import { EmbeddedEventLog } from './embedded-event-log.ts'
import { EmbeddedEventLogReader } from './embedded-event-log-reader.ts'

type ReaderKind = 'doorbell' | 'polling' | 'local'

async function emptyLog(kind: ReaderKind, clock: Clock) {
  const directory = await mkdtemp(join(tmpdir(), 'finpulse-log-'))
  const doorbell = kind === 'doorbell' ? { doorbell: new SharedArrayBuffer(4) } : {}
  const open = () => EmbeddedEventLog.open({ directory, clock, ...doorbell })
  const subject = {
    log: open(),
    openReader: async () => {
      return kind === 'local' ? subject.log.reader() : EmbeddedEventLogReader.open({ directory, ...doorbell })
    },
    reopen: async () => {
      await subject.log.close()
      subject.log = open()
      return subject.log
    },
    dispose: async () => {
      await subject.log.close()
      await rm(directory, { recursive: true })
    },
  }
  return subject
}

eventLogContract('embedded, readers woken by a doorbell', true, (clock) => emptyLog('doorbell', clock))
eventLogContract('embedded, readers that poll', true, (clock) => emptyLog('polling', clock))
eventLogContract('embedded, readers on the writer’s connection', true, (clock) => emptyLog('local', clock))
