import type { MarketProcessorOptions } from '../processors/market-processor.ts'
import type { Config } from './config.ts'

/** The processor's options from the configuration: ms become µs. */
export function processingOptions({ processing }: Config): Omit<MarketProcessorOptions, 'provisionalEveryUs'> {
  const { allowedLateness, zScore, priceMove, volume } = processing
  return {
    allowedLatenessUs: allowedLateness * 1000,
    zScore: {
      windowCount: zScore.windowCount,
      mediumThreshold: zScore.mediumThreshold,
      highThreshold: zScore.highThreshold,
      minimumMovePercent: zScore.minimumMovePercent,
      pointEveryUs: zScore.pointEvery * 1000,
    },
    priceMove: { thresholdPercent: priceMove.thresholdPercent, windowUs: priceMove.window * 1000 },
    volume,
  }
}
