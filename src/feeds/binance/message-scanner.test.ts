import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MessageFields } from './message-fields.ts'
import { parseMessage } from './message-parser.ts'
import { AGG_TRADE, BOOK_TICKER, PASSED_OVER, scanMessage, TRADE, UNFAMILIAR } from './message-scanner.ts'

const KEYS = [...'eEsptqTmMXuabBAfl'].map((key) => key.charCodeAt(0))
const encoder = new TextEncoder()

function scan(text: string) {
  const fields = new MessageFields()
  const bytes = encoder.encode(`${text}\n`)
  return { kind: scanMessage(bytes, 0, bytes.length - 1, fields), fields }
}

function parse(text: string) {
  const fields = new MessageFields()
  const bytes = encoder.encode(`${text}\n`)
  return { ...parseMessage(bytes, 0, bytes.length - 1, fields), fields }
}

function texts(fields: MessageFields): string[] {
  return KEYS.map((key) => (fields.isText(key) ? fields.text(key) : `#${fields.type[key]}`))
}

const TRADE_TEXT =
  '{"e":"trade","E":1723161256322,"T":1723161256322,"s":"BTCUSDT","t":5266583935,"p":"61800.30","q":"0.006","X":"MARKET","m":false}'
const TICKER_TEXT =
  '{"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}'

describe('scanMessage', () => {
  it('knows the three kinds, raw and in an envelope', () => {
    expect(scan(TRADE_TEXT).kind).toBe(TRADE)
    expect(scan(`{"stream":"btcusdt@trade","data":${TRADE_TEXT}}`).kind).toBe(TRADE)
    expect(scan(TRADE_TEXT.replace('trade', 'aggTrade')).kind).toBe(AGG_TRADE)
    expect(scan(TICKER_TEXT).kind).toBe(BOOK_TICKER)
    expect(scan('{"e":"depthUpdate","E":1,"b":[["1","2"]],"a":[]}').kind).toBe(PASSED_OVER)
  })

  it('leaves spaces, escapes, letters beyond ASCII, fractions, negatives and nesting to the parser', () => {
    for (const [from, to] of [
      ['"e":', '"e": '],
      ['BTCUSDT', '\\u0042TCUSDT'],
      ['BTCUSDT', 'BTCÜSDT'],
      ['"t":5266583935', '"t":1.5'],
      ['"t":5266583935', '"t":-1'],
      ['"t":5266583935', '"t":01'],
      ['"t":5266583935', '"t":{"a":1}'],
      ['"m":false', '"m":falsy'],
      ['"m":false', '"m":false,'],
    ] as const) {
      expect(scan(TRADE_TEXT.replace(from, to)).kind).toBe(UNFAMILIAR)
    }
    expect(scan(`${TRADE_TEXT}x`).kind).toBe(UNFAMILIAR)
    expect(scan(TRADE_TEXT.slice(0, -1)).kind).toBe(UNFAMILIAR)
    expect(scan('{"e":"depthUpdate","b":[["1","2').kind).toBe(UNFAMILIAR)
  })

  const aValue = fc.oneof(
    fc.constantFrom('"1.5"', '"BTCUSDT"', '"trade"', '"aggTrade"', '"bookTicker"', '12', '0', 'true', 'false', 'null'),
    fc.string({ maxLength: 6 }).map((text) => JSON.stringify(text)),
    fc.constantFrom('1.5', '-1', '1e3', '[1]', '{"e":"trade"}', '""'),
  )
  const aKey = fc.constantFrom(...'eEsptqTmuabBA', 'ps', 'nq', 'é')
  const aMessage = fc
    .array(fc.tuple(aKey, aValue), { maxLength: 12 })
    .map((members) => `{${members.map(([key, value]) => `"${key}":${value}`).join(',')}}`)

  it('means the same as JSON.parse wherever it answers at all', () => {
    const aText = fc.oneof(
      { weight: 3, arbitrary: aMessage },
      fc
        .tuple(fc.constantFrom(TRADE_TEXT, TICKER_TEXT), fc.nat(), fc.string({ maxLength: 3 }))
        .map(([text, at, noise]) => {
          const cut = at % text.length
          return text.slice(0, cut) + noise.replaceAll('\n', '') + text.slice(cut + noise.length)
        }),
    )
    fc.assert(
      fc.property(aText, fc.boolean(), (text, isCombined) => {
        const line = isCombined ? `{"stream":"x@y","data":${text}}` : text
        const scanned = scan(line)
        if (scanned.kind === UNFAMILIAR || scanned.kind === PASSED_OVER) return
        const parsed = parse(line)
        expect(parsed.refusal).toBeUndefined()
        expect(parsed.kind).toBe(scanned.kind)
        expect(texts(scanned.fields)).toEqual(texts(parsed.fields))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('parseMessage', () => {
  it('keeps the digits of numbers that a double would lose', () => {
    const { fields } = parse('{"e":"trade","p":61800.300000000000001,"q":1e-8,"t":9007199254740993}')
    expect(fields.text('p'.charCodeAt(0))).toBe('61800.300000000000001')
    expect(fields.text('q'.charCodeAt(0))).toBe('1e-8')
    expect(fields.integer('t'.charCodeAt(0))).toBeNaN()
  })

  it('names answers, snapshots and lists, and refuses what it has never seen', () => {
    expect(parse('{"result":null,"id":1}').name).toBe('subscription answer')
    expect(parse('{"code":2,"msg":"Invalid request"}').name).toBe('error answer')
    expect(parse('{"lastUpdateId":1,"bids":[],"asks":[]}').name).toBe('depth snapshot')
    expect(parse('{"stream":"!ticker@arr","data":[{"e":"24hrTicker"}]}').name).toBe('array of 24hrTicker')
    expect(parse('{"foo":1}').refusal?.reason).toBe('unknown-shape')
    expect(parse('7').refusal?.reason).toBe('unknown-shape')
    expect(parse('{"e":"tra').refusal?.reason).toBe('malformed')
    expect(parse('['.repeat(100_000)).refusal?.reason).toBe('malformed')
  })
})
