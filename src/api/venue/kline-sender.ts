import type { Kline } from './kline.ts'
import { type CandleIds, klineMessage } from './venue-messages.ts'
import type { Stream } from './venue-streams.ts'
import type { Listing } from './venue-symbols.ts'

/** Trades are kept for a day: of klines that began before, the first one may no longer be the first. */
const TRADES_KEPT_MS = 24 * 3_600_000

interface Sent {
  openTimeMs: number
  isFinal: boolean
  tradeCount: number
  text: string
  /** Of the trade that opened the kline; -1 where none was found. */
  firstId: number
}

const NOTHING_SENT: Sent = { openTimeMs: -1, isFinal: false, tradeCount: 0, text: '', firstId: -1 }

export interface KlineSenderOptions {
  readonly firstId: (listing: Listing, fromMs: number, toMs: number) => Promise<number | undefined>
  /** Market time, whole ms. */
  readonly nowMs: () => number
}

/** Sends klines where they have changed, never back in time, and each once when it is final. */
export class KlineSender {
  readonly #options: KlineSenderOptions
  readonly #sent = new WeakMap<Stream, Sent>()

  constructor(options: KlineSenderOptions) {
    this.#options = options
  }

  async send(stream: Stream, listing: Listing, kline: Kline): Promise<void> {
    const { openTimeMs, isFinal, tradeCount } = kline
    const sent = this.#sent.get(stream) ?? NOTHING_SENT
    if (openTimeMs < sent.openTimeMs && !isFinal) return
    const isSame = openTimeMs === sent.openTimeMs
    if (isSame && sent.isFinal) return
    // For a moment a candle can be no longer open and not yet in the log.
    if (isSame && !isFinal && tradeCount < sent.tradeCount) return
    const firstId = kline.firstId ?? (isSame ? sent.firstId : await this.#firstIdOf(listing, kline))
    const text = JSON.stringify(kline)
    if (isSame && text === sent.text) return
    // A candle that becomes final after the next one has begun must not hide what was sent of that one.
    if (openTimeMs >= sent.openTimeMs) this.#sent.set(stream, { openTimeMs, isFinal, tradeCount, text, firstId })
    const message = klineMessage(listing.wireSymbol, kline, idsOf(kline, firstId), this.#options.nowMs())
    stream.send(JSON.stringify(message))
  }

  /** Asked for once a kline. */
  async #firstIdOf(listing: Listing, { openTimeMs, closeTimeMs }: Kline): Promise<number> {
    if (openTimeMs < this.#options.nowMs() - TRADES_KEPT_MS) return -1
    return (await this.#options.firstId(listing, openTimeMs, closeTimeMs)) ?? -1
  }
}

/** Ids are consecutive, so that the last one follows from the count. */
function idsOf({ tradeCount }: Kline, firstId: number): CandleIds {
  if (firstId < 0 || tradeCount === 0) return { firstId: -1, lastId: -1 }
  return { firstId, lastId: firstId + tradeCount - 1 }
}
