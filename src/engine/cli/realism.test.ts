import { describe, expect, it } from 'vitest'
import type { MarketProcessor } from '../../processors/market-processor.ts'
import type { MinuteSeriesBuilder } from '../../processors/statistics/minute-series-builder.ts'
import { generateInto, minuteProcessor, reportOf, symbolFacts } from './realism.ts'

describe('the generated crypto market', () => {
  // Seed 1 is one that the profile was fitted on: this guards the default against changes, and says nothing of others.
  it('has, for the default seed, each fact as the median over ten symbols within its band', {
    timeout: 120_000,
  }, () => {
    const minutes = new Map<string, MinuteSeriesBuilder>()
    const processor: MarketProcessor = minuteProcessor(minutes)
    generateInto(processor, { market: 'crypto', days: '30', seed: '1' }, 4)
    processor.finish()
    const outside = reportOf(symbolFacts(minutes)).filter(({ isInside }) => !isInside)
    expect(outside.map(({ fact, median, p10, p90 }) => ({ fact, median, p10, p90 }))).toEqual([])
  })
})
