import fc from 'fast-check'
import { afterEach, beforeEach, describe, it } from 'vitest'
import { gapRules } from './contract/gap-rules.ts'
import type { MarketStoreFactory, MarketStoreUnderTest } from './contract/market-store-under-test.ts'
import {
  alertRules,
  candleRules,
  instrumentRules,
  listingRules,
  summaryRules,
  tradeIdRules,
} from './contract/read-rules.ts'
import { retentionRules } from './contract/retention-rules.ts'
import { checkAgainstModel, commandsArbitrary } from './contract/store-model.ts'
import { durabilityRules, revisionRules, writeRules } from './contract/write-rules.ts'

/**
 * The rules that every adapter of `MarketStore` keeps; each adapter runs them from its own test. Beyond the port's
 * own sentences they settle: only final candles are stored; the rows that arrived first are the oldest for the counts
 * of retention; the newest trade and quote of an instrument outlive their rows.
 */
export function marketStoreContract(name: string, factory: MarketStoreFactory): void {
  describe(`market store contract: ${name}`, () => {
    let subject: MarketStoreUnderTest
    beforeEach(async () => {
      subject = await factory()
    })
    afterEach(() => subject.dispose())
    const store = () => subject.store

    writeRules(store)
    revisionRules(store)
    listingRules(store)
    tradeIdRules(store)
    instrumentRules(store)
    candleRules(store)
    summaryRules(store)
    alertRules(store)
    gapRules(store)
    retentionRules(store)
    durabilityRules(() => subject)

    it('[MS50] random writes, retention and reopening agree with plain lists', async () => {
      await fc.assert(
        fc.asyncProperty(commandsArbitrary, (commands) => checkAgainstModel(subject, commands)),
        { numRuns: 10 },
      )
    })
  })
}
