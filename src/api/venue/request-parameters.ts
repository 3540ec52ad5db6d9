import { isVenueInterval, type VenueInterval } from './kline-interval.ts'
import { venueRefusal } from './venue-refusal.ts'

const SYMBOL = /^[A-Z0-9-_.]{1,64}$/
const SYMBOL_RANGE = '^[A-Z0-9-_.]{1,20}$'
const SYMBOLS_RANGE = String.raw`^\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\]$`
const INTEGER = /^[0-9]{1,20}$/
const INTEGER_RANGE = '^[0-9]{1,20}$'

/** Which symbols a request is for. */
export type SymbolChoice =
  | { readonly kind: 'one'; readonly names: readonly [string] }
  | { readonly kind: 'some'; readonly names: readonly string[] }
  | { readonly kind: 'all'; readonly names: readonly [] }

/** The parameters of a request, refused in the venue's words; each is counted when it is read. */
export class RequestParameters {
  readonly #values: ReadonlyMap<string, string>
  readonly #read = new Set<string>()

  /** @throws FinPulseError for a parameter that is there twice */
  constructor(query: Readonly<Record<string, unknown>>) {
    const values = new Map<string, string>()
    for (const [name, value] of Object.entries(query)) {
      if (typeof value !== 'string') throw venueRefusal(-1101, 'Duplicate values for a parameter detected.')
      values.set(name, value)
    }
    this.#values = values
  }

  /** Upper case. */
  symbol(): string {
    const text = this.#required('symbol')
    return this.#checkedSymbol(text)
  }

  symbolChoice(): SymbolChoice {
    const one = this.#optional('symbol')
    const some = this.#optional('symbols')
    if (one !== undefined && some !== undefined) throw badCombination()
    if (one !== undefined) return { kind: 'one', names: [this.#checkedSymbol(one)] }
    if (some === undefined) return { kind: 'all', names: [] }
    const names = namesFrom(some)
    if (names === undefined || !names.every((name) => SYMBOL.test(name))) throw illegal('symbols', SYMBOLS_RANGE)
    if (new Set(names).size < names.length) throw venueRefusal(-1151, 'Symbol is present multiple times in the list.')
    return { kind: 'some', names }
  }

  /** Larger ones count as the maximum. */
  limit(normal: number, maximum: number): number {
    const limit = this.integer('limit') ?? normal
    if (limit === 0) throw notValid('limit')
    return Math.min(limit, maximum)
  }

  integer(name: string): number | undefined {
    const text = this.#optional(name)
    if (text === undefined) return undefined
    if (!INTEGER.test(text)) throw illegal(name, INTEGER_RANGE)
    // Beyond what is exact there is neither a time nor an id: any such number finds nothing.
    return Math.min(Number(text), Number.MAX_SAFE_INTEGER)
  }

  interval(): VenueInterval {
    const text = this.#required('interval')
    if (!isVenueInterval(text)) throw venueRefusal(-1120, 'Invalid interval.')
    return text
  }

  /** One of some words; the first where it is absent. */
  word<T extends string>(name: string, allowed: readonly [T, ...T[]]): T {
    const text = this.#optional(name) ?? allowed[0]
    const found = allowed.find((word) => word === text)
    if (found === undefined) throw notValid(name)
    return found
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  /** Passes a parameter over that changes nothing here. */
  ignore(name: string): void {
    this.#read.add(name)
  }

  /** @throws FinPulseError where a parameter was sent that nobody has read */
  checkAllRead(): void {
    const read = [...this.#values.keys()].filter((name) => this.#read.has(name)).length
    if (read === this.#values.size) return
    const text = `Not all sent parameters were read; read '${read}' parameter(s) but was sent '${this.#values.size}'.`
    throw venueRefusal(-1104, text)
  }

  #optional(name: string): string | undefined {
    this.#read.add(name)
    const text = this.#values.get(name)
    if (text === '') throw venueRefusal(-1105, `Parameter '${name}' was empty.`)
    return text
  }

  #required(name: string): string {
    const text = this.#optional(name)
    if (text !== undefined) return text
    throw venueRefusal(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`)
  }

  #checkedSymbol(text: string): string {
    if (SYMBOL.test(text)) return text
    throw illegal('symbol', SYMBOL_RANGE)
  }
}

export function badCombination() {
  return venueRefusal(-1128, 'Combination of optional parameters invalid.')
}

function notValid(name: string) {
  return venueRefusal(-1130, `Data sent for parameter '${name}' is not valid.`)
}

function illegal(name: string, range: string) {
  return venueRefusal(-1100, `Illegal characters found in parameter '${name}'; legal range is '${range}'.`)
}

/** @returns undefined for what is no list of texts */
function namesFrom(text: string): string[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) && value.every((name) => typeof name === 'string') ? value : undefined
  } catch {
    // The caller refuses it in the venue's words.
    return undefined
  }
}
