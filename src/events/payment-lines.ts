import { ByteWriter } from './byte-writer.ts'
import { codeText, currencyDecimals } from './payment.ts'
import { ONLINE, type PaymentBatch, TRANSFER } from './payment-batch.ts'

const encoder = new TextEncoder()
const bytes = (text: string) => encoder.encode(text)

const LINE_MAX_BYTES = 512
const NEWLINE = 10
const COMMA = 44

const CARD_START = bytes('{"type":"payment","kind":"card","id":')
const TRANSFER_START = bytes('{"type":"payment","kind":"transfer","id":')
const CUSTOMER = bytes(',"customer":')
const CARD = bytes(',"card":')
const MERCHANT = bytes(',"merchant":')
const TERMINAL = bytes(',"terminal":')
const COUNTERPARTY = bytes(',"counterparty":')
const AT_TERMINAL = bytes(',"channel":"terminal"')
const AT_ONLINE = bytes(',"channel":"online"')
const AMOUNT = bytes(',"amount":"')
const X = bytes(',"x":')
const Y = bytes(',"y":')
const EVENT_TIME = bytes(',"eventTimeMs":')
const RECEIVED_TIME = bytes(',"receivedTimeMs":')
const END = bytes('}\n')
const CSV_KINDS = [bytes(',terminal,'), bytes(',transfer,'), bytes(',online,'), bytes(',transfer,')]

export const PAYMENT_CSV_HEADER =
  'time,id,kind,customer,card,merchant,terminal,counterparty,amount,currency,country,x,y\n'

/** A currency, or a country, as it is written after an amount. */
interface CodePieces {
  readonly decimals: number
  readonly json: Uint8Array
  readonly csv: Uint8Array
}

/**
 * Payments as lines of text, written straight from the columns: NDJSON is byte for byte what
 * `JSON.stringify(paymentAt(…))` gives, several times faster.
 */
export class PaymentLines {
  readonly #writer = new ByteWriter(1 << 20)
  /** By packed code; at most one entry for each of the world's currencies and countries. */
  readonly #currencies = new Map<number, CodePieces>()
  readonly #countries = new Map<number, CodePieces>()

  /** The lines of a batch. They stay valid until the next call. */
  ndjson(batch: PaymentBatch): Uint8Array {
    this.#begin(batch)
    for (let row = 0; row < batch.count; row++) this.#jsonLine(batch, row)
    return this.#writer.bytes.subarray(0, this.#writer.length)
  }

  /** As `ndjson`, in the columns of PAYMENT_CSV_HEADER; times are in µs since the epoch, what there is not is empty. */
  csv(batch: PaymentBatch): Uint8Array {
    this.#begin(batch)
    for (let row = 0; row < batch.count; row++) this.#csvLine(batch, row)
    return this.#writer.bytes.subarray(0, this.#writer.length)
  }

  #begin(batch: PaymentBatch): void {
    this.#writer.length = 0
    this.#writer.reserve(batch.count * LINE_MAX_BYTES)
  }

  #jsonLine(batch: PaymentBatch, row: number): void {
    const writer = this.#writer
    const flags = batch.flags[row]!
    const isTransfer = (flags & TRANSFER) !== 0
    writer.piece(isTransfer ? TRANSFER_START : CARD_START)
    writer.integerAt(batch.id, row)
    this.#field(CUSTOMER, batch.customer[row]!)
    if (isTransfer) {
      this.#field(COUNTERPARTY, batch.counterparty[row]!)
    } else {
      this.#field(CARD, batch.card[row]!)
      this.#field(MERCHANT, batch.merchant[row]!)
      this.#field(TERMINAL, batch.terminal[row]!)
      writer.piece((flags & ONLINE) === 0 ? AT_TERMINAL : AT_ONLINE)
    }
    const currency = this.#currencyOf(batch.currency[row]!)
    writer.piece(AMOUNT)
    writer.decimal(batch.amountDigits[row]!, 0, currency.decimals)
    writer.piece(currency.json)
    writer.piece(this.#countryOf(batch.country[row]!).json)
    if (!isTransfer) {
      this.#field(X, batch.x[row]!)
      this.#field(Y, batch.y[row]!)
    }
    writer.piece(EVENT_TIME)
    writer.millisecondsAt(batch.eventTimeUs, row)
    writer.piece(RECEIVED_TIME)
    writer.millisecondsAt(batch.receivedTimeUs, row)
    writer.piece(END)
  }

  #csvLine(batch: PaymentBatch, row: number): void {
    const writer = this.#writer
    const isTransfer = (batch.flags[row]! & TRANSFER) !== 0
    const currency = this.#currencyOf(batch.currency[row]!)
    writer.integer(batch.eventTimeUs[row]!)
    writer.byte(COMMA)
    writer.integerAt(batch.id, row)
    writer.piece(CSV_KINDS[batch.flags[row]! & (TRANSFER | ONLINE)]!)
    writer.integer(batch.customer[row]!)
    this.#cell(batch.card[row]!, !isTransfer)
    this.#cell(batch.merchant[row]!, !isTransfer)
    this.#cell(batch.terminal[row]!, !isTransfer)
    this.#cell(batch.counterparty[row]!, isTransfer)
    writer.byte(COMMA)
    writer.decimal(batch.amountDigits[row]!, 0, currency.decimals)
    writer.piece(currency.csv)
    writer.piece(this.#countryOf(batch.country[row]!).csv)
    this.#cell(batch.x[row]!, !isTransfer)
    this.#cell(batch.y[row]!, !isTransfer)
    writer.byte(NEWLINE)
  }

  #field(name: Uint8Array, value: number): void {
    this.#writer.piece(name)
    this.#writer.integer(value, 1)
  }

  #cell(value: number, isPresent: boolean): void {
    this.#writer.byte(COMMA)
    if (isPresent) this.#writer.integer(value, 1)
  }

  #currencyOf(packed: number): CodePieces {
    const known = this.#currencies.get(packed)
    if (known !== undefined) return known
    const code = codeText(packed)
    const json = bytes(`","currency":"${code}"`)
    const pieces = { decimals: currencyDecimals(code), json, csv: bytes(`,${code}`) }
    this.#currencies.set(packed, pieces)
    return pieces
  }

  #countryOf(packed: number): CodePieces {
    const known = this.#countries.get(packed)
    if (known !== undefined) return known
    const code = codeText(packed)
    const pieces = { decimals: 0, json: bytes(`,"country":"${code}"`), csv: bytes(`,${code}`) }
    this.#countries.set(packed, pieces)
    return pieces
  }
}
