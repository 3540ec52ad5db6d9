import fc from 'fast-check'
import { afterEach, beforeEach, describe, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { commitRules, refusalRules } from './contract/commit-rules.ts'
import type { EventLogFactory, EventLogUnderTest } from './contract/event-log-under-test.ts'
import { durabilityRules, lifeRules, waitRules } from './contract/life-rules.ts'
import { checkAgainstModel, modelCommandsArbitrary } from './contract/log-model.ts'
import { orderRules } from './contract/order-rules.ts'
import { readRules } from './contract/read-rules.ts'
import { retentionRules } from './contract/retention-rules.ts'
import type { EventLog } from './event-log.ts'

/**
 * The rules that every adapter of `EventLog` keeps. Each adapter runs them from its own test.
 * @param isDurable whether the log outlives its process: then the rules about reopening count too
 */
export function eventLogContract(name: string, isDurable: boolean, factory: EventLogFactory): void {
  describe(`event log contract: ${name}`, () => {
    let subject: EventLogUnderTest
    let log: EventLog
    beforeEach(async () => {
      subject = await factory(systemClock)
      log = subject.log
    })
    afterEach(() => subject.dispose())
    const current = () => subject

    orderRules(() => log)
    readRules(() => log)
    commitRules(() => log, current)
    refusalRules(() => log)
    retentionRules(() => log)
    lifeRules(() => log, current)
    waitRules(() => log, current)
    if (isDurable) durabilityRules(current)

    it('[EL60] random commits, reads, retention and resets agree with a plain array', async () => {
      await fc.assert(
        fc.asyncProperty(modelCommandsArbitrary, (commands) => checkAgainstModel(subject, commands)),
        { numRuns: 40 },
      )
    })
  })
}
