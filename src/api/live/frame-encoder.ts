import type { Channel, LossMessage } from '../../protocol/live.ts'
import type { LiveHub } from './live-hub.ts'
import type { Subscriptions } from './subscriptions.ts'

/** The arrays of a frame, in the order in which they are written. */
const FRAME_FIELDS = ['quotes', 'trades', 'candles', 'alerts'] as const
export type FrameField = (typeof FRAME_FIELDS)[number]

export interface EncodedFrame {
  /** The frame as UTF-8; undefined where nothing is to be sent. */
  readonly bytes: Buffer | undefined
  readonly losses: readonly LossMessage[]
}

const EMPTY: EncodedFrame = { bytes: undefined, losses: [] }

export function frameFieldOf(channel: Channel): FrameField {
  if (channel === 'quotes' || channel === 'trades' || channel === 'alerts') return channel
  return 'candles'
}

/** A frame from JSON texts of its rows, already joined by commas. */
export function frameText(serverTimeMs: number, rows: Partial<Readonly<Record<FrameField, string>>>): string {
  let text = `{"type":"frame","serverTimeMs":${serverTimeMs}`
  for (const field of FRAME_FIELDS) {
    const joined = rows[field]
    if (joined !== undefined) text += `,"${field}":[${joined}]`
  }
  return `${text}}`
}

/**
 * Builds what a session is due. Sessions with the same subscriptions that stand at the same step get the very same
 * bytes; others still share the encoded rows of each symbol.
 */
export class FrameEncoder {
  readonly #hub: LiveHub
  readonly #nowMs: () => number
  readonly #shared = new Map<string, EncodedFrame>()
  #sharedSequence = -1

  constructor(hub: LiveHub, nowMs: () => number) {
    this.#hub = hub
    this.#nowMs = nowMs
  }

  /** What changed for these subscriptions after the step `since`. */
  encode(subscriptions: Subscriptions, since: number): EncodedFrame {
    if (since >= this.#hub.sequence || subscriptions.signature === '') return EMPTY
    if (this.#sharedSequence !== this.#hub.sequence) {
      this.#shared.clear()
      this.#sharedSequence = this.#hub.sequence
    }
    const key = `${since} ${subscriptions.signature}`
    let frame = this.#shared.get(key)
    if (frame === undefined) {
      frame = this.#build(subscriptions, since)
      this.#shared.set(key, frame)
    }
    return frame
  }

  #build(subscriptions: Subscriptions, since: number): EncodedFrame {
    const rows: Partial<Record<FrameField, string>> = {}
    const losses: LossMessage[] = []
    for (const { channel, text, missedCount } of subscriptions.changesSince(since)) {
      if (missedCount > 0) losses.push({ type: 'loss', channel, missedCount })
      if (text === '') continue
      const field = frameFieldOf(channel)
      const before = rows[field]
      rows[field] = before === undefined ? text : `${before},${text}`
    }
    const isEmpty = Object.keys(rows).length === 0
    return { bytes: isEmpty ? undefined : Buffer.from(frameText(this.#nowMs(), rows)), losses }
  }
}
