import type { SavedThresholdState } from './threshold-state.ts'

/** What is kept of a symbol. */
export interface SavedSymbol {
  readonly state: SavedThresholdState
  /** Its stream has ended, and the first polled price after it is still to be left out. */
  readonly isSettling?: boolean
  /** Of its stream. */
  readonly position?: Uint8Array
}

export interface SavedThresholds {
  readonly poll?: Uint8Array
  readonly symbols: ReadonlyMap<string, SavedSymbol>
}

/** Bytes of other feeds are opaque, so they are kept in base 64. */
interface Encoded {
  readonly feed: 'threshold'
  readonly poll?: string
  readonly symbols: Readonly<Record<string, Omit<SavedSymbol, 'position'> & { readonly position?: string }>>
}

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder()

export function encodeThresholds({ poll, symbols }: SavedThresholds): Uint8Array {
  const parts = [...symbols].map(([symbol, { position, ...rest }]) => [
    symbol,
    { ...rest, ...(position && { position: toBase64(position) }) },
  ])
  const encoded: Encoded = {
    feed: 'threshold',
    ...(poll && { poll: toBase64(poll) }),
    symbols: Object.fromEntries(parts) as Encoded['symbols'],
  }
  return textEncoder.encode(JSON.stringify(encoded))
}

/** @returns nothing to go on with where the position is that of another feed */
export function decodeThresholds(position: Uint8Array): SavedThresholds {
  const encoded = JSON.parse(textDecoder.decode(position)) as Partial<Encoded>
  if (encoded.feed !== 'threshold') return { symbols: new Map() }
  const symbols = Object.entries(encoded.symbols ?? {}).map(([symbol, { position: bytes, ...rest }]) => {
    const saved: SavedSymbol = { ...rest, ...(bytes !== undefined && { position: fromBase64(bytes) }) }
    return [symbol, saved] as const
  })
  return { ...(encoded.poll !== undefined && { poll: fromBase64(encoded.poll) }), symbols: new Map(symbols) }
}

/** By bytes, so that a step of a busy stream encodes each position once. */
const texts = new WeakMap<Uint8Array, string>()

function toBase64(bytes: Uint8Array): string {
  let text = texts.get(bytes)
  if (text === undefined) {
    text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
    texts.set(bytes, text)
  }
  return text
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}
