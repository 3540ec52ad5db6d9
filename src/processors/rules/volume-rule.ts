import type { Alert } from '../../events/alert.ts'
import type { Instrument } from '../../events/instrument.ts'
import { meanAndDeviation } from '../anomaly/z-score-detector.ts'

export interface VolumeOptions {
  /** Closed minutes that a minute is compared with, at most. */
  readonly windowCount: number
  /** No alert before this many minutes are known. */
  readonly windowMinCount: number
  readonly mediumSigma: number
  readonly highSigma: number
}

export const VOLUME_DEFAULTS: VolumeOptions = { windowCount: 60, windowMinCount: 20, mediumSigma: 3, highSigma: 6 }

/** Fires when the volume of a closed minute lies more than 3 σ from the mean of the minutes before it. */
export class VolumeRule {
  readonly #options: VolumeOptions
  readonly #emit: (alert: Alert) => void
  /** Volumes of the last minutes, oldest first, by instrument. */
  #volumes: number[][] = []

  constructor(options: VolumeOptions, emit: (alert: Alert) => void) {
    this.#options = options
    this.#emit = emit
  }

  /** @param volume of the minute that closed at `closeTimeUs`, in base units */
  addMinute(instrument: number, described: Instrument, closeTimeUs: number, volume: number): void {
    const { windowCount, windowMinCount } = this.#options
    this.#volumes[instrument] ??= []
    const known = this.#volumes[instrument]!
    if (known.length >= windowMinCount) this.#compare(known, described, closeTimeUs, volume)
    known.push(volume)
    if (known.length > windowCount) known.shift()
  }

  #compare(known: readonly number[], described: Instrument, closeTimeUs: number, volume: number): void {
    const { mediumSigma, highSigma } = this.#options
    const { mean, deviation } = meanAndDeviation(Float64Array.from(known))
    if (deviation === 0) return
    const score = (volume - mean) / deviation
    if (Math.abs(score) <= mediumSigma) return
    const direction = score > 0 ? 'SPIKE' : 'DROP'
    const isHigh = Math.abs(score) > highSigma
    this.#emit({
      type: 'alert',
      id: `volume:${described.venue}:${described.symbol}:${direction}:${closeTimeUs}`,
      kind: 'volume',
      venue: described.venue,
      symbol: described.symbol,
      severity: isHigh ? 'HIGH' : 'MEDIUM',
      direction,
      // The close time itself belongs to the next minute.
      eventTimeMs: closeTimeUs / 1000 - 1,
      value: Math.round(score * 1e6) / 1e6,
      threshold: isHigh ? highSigma : mediumSigma,
      evidence: {
        unit: 'standard deviations',
        volume: volume.toFixed(described.quantityDecimals),
        mean: Math.round(mean * 1e6) / 1e6,
        standardDeviation: Math.round(deviation * 1e6) / 1e6,
        windowCount: known.length,
        openTimeMs: closeTimeUs / 1000 - 60_000,
      },
    })
  }

  save(): unknown {
    return this.#volumes
  }

  restore(saved: unknown): void {
    this.#volumes = saved as number[][]
  }
}
