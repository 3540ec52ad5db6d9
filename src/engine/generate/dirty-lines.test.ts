import { describe, expect, it } from 'vitest'
import { marketRules } from '../../feeds/simulator/simulator-market.ts'
import type { DirtyRates } from './dirty-rates.ts'
import { LocalPieces } from './local-pieces.ts'
import type { SourceSpec } from './source-spec.ts'

const COUNT = 20_000
const symbols = ['AAPL', 'MSFT']
const market = { rate: { ratePerSecond: 500 }, symbols, rules: marketRules({}, symbols), trades: true, quotes: false }
const spec: SourceSpec = { format: 'ndjson', seed: 5, originUs: 1_767_225_600_000_000, pieceCount: 8192, market }

async function made(its: SourceSpec): Promise<{ lines: string[]; counts: Record<string, number> }> {
  const source = new LocalPieces(its, 0, COUNT)
  const counts: Record<string, number> = {}
  let text = ''
  while (source.index < COUNT) {
    const piece = await source.next()
    text += Buffer.from(piece.bytes).toString()
    for (const [kind, count] of Object.entries(piece.counts)) counts[kind] = (counts[kind] ?? 0) + count
  }
  return { lines: text.split('\n').slice(0, -1), counts }
}

const spoiled = (dirty: DirtyRates, its = spec) => made({ ...its, dirty })
const timeOf = (line: string) => (JSON.parse(line) as { eventTimeMs: number }).eventTimeMs
const clean = (await made(spec)).lines

function near(count: number, rate: number): void {
  const expected = COUNT * rate
  expect(Math.abs(count - expected)).toBeLessThan(5 * Math.sqrt(expected))
}

describe('spoiled lines', () => {
  it('that are missing never come, the others as they were', async () => {
    const { lines, counts } = await spoiled({ missing: 0.05 })
    const left = new Set(lines)
    expect(lines).toEqual(clean.filter((line) => left.has(line)))
    expect(counts.missing).toBe(COUNT - lines.length)
    near(counts.missing!, 0.05)
  })

  it('that are duplicate come twice', async () => {
    const { lines, counts } = await spoiled({ duplicate: 0.05 })
    expect(lines.filter((line, index) => line !== lines[index - 1])).toEqual(clean)
    expect(lines.length).toBe(COUNT + counts.duplicate!)
    near(counts.duplicate!, 0.05)
  })

  it('that are late come after more than two seconds of events, unchanged', async () => {
    const { lines, counts } = await spoiled({ late: 0.05 })
    const known = new Set(clean)
    expect(lines.every((line) => known.has(line))).toBe(true)
    let newestMs = 0
    let lateCount = 0
    for (const line of lines) {
      const behindMs = newestMs - timeOf(line)
      if (behindMs > 0) {
        lateCount += 1
        expect(behindMs).toBeGreaterThanOrEqual(2500 - 10)
        expect(behindMs).toBeLessThanOrEqual(10_000 + 10)
      }
      newestMs = Math.max(newestMs, timeOf(line))
    }
    expect(lateCount).toBe(counts.late)
    // Those due after the end never came.
    near(counts.late! + COUNT - lines.length, 0.05)
  })

  it('that are late at a high rate come after as many events as are held', async () => {
    const fast = { ...spec, market: { ...market, rate: { ratePerSecond: 1e6 } } }
    const { lines } = await spoiled({ late: 0.05 }, fast)
    const place = new Map((await made(fast)).lines.map((line, index) => [line, index]))
    const behind = lines.map((line, index) => index - place.get(line)!).filter((count) => count > 2000)
    expect(behind.length).toBeGreaterThan(50)
    expect(Math.max(...behind)).toBeLessThan(16_384 + 20)
  })

  it('that are out of order come a few places later, and none is lost but at the end', async () => {
    const { lines, counts } = await spoiled({ 'out-of-order': 0.1 })
    const place = new Map(clean.map((line, index) => [line, index]))
    const moved = lines.map((line, index) => Math.abs(index - place.get(line)!))
    expect(Math.max(...moved)).toBeGreaterThan(3)
    expect(Math.max(...moved)).toBeLessThan(16)
    expect(COUNT - lines.length).toBeLessThan(9)
    near(counts['out-of-order']!, 0.1)
  })
})

describe('spoiled lines at their place', () => {
  it('that are malformed are torn off, so that no reader can take them', async () => {
    const { lines, counts } = await spoiled({ malformed: 0.05 })
    const known = new Set(clean)
    const torn = lines.filter((line) => !known.has(line))
    expect(torn.length).toBe(counts.malformed)
    for (const line of torn) expect(() => JSON.parse(line)).toThrow()
    near(counts.malformed!, 0.05)
  })

  it('that are malformed lack a column in CSV', async () => {
    const { lines, counts } = await spoiled({ malformed: 0.05 }, { ...spec, format: 'csv' })
    const torn = lines.filter((line) => line.split(',').length < 7)
    expect(torn.length).toBe(counts.malformed)
    expect(lines.length).toBe(COUNT)
  })

  it('that are oversized are longer than a megabyte', async () => {
    const { lines, counts } = await spoiled({ oversized: 0.0005 })
    expect(lines.filter(({ length }) => length > 1 << 20).length).toBe(counts.oversized)
    expect(lines.map((line) => line.trim())).toEqual(clean)
    expect(counts.oversized).toBeGreaterThan(0)
  })

  it('whose clock is skewed have another event time, and nothing else', async () => {
    const { lines, counts } = await spoiled({ 'clock-skewed': 0.05 })
    const skews = lines.map((line, index) => timeOf(line) - timeOf(clean[index]!))
    expect(skews.filter((skew) => skew !== 0).length).toBe(counts['clock-skewed'])
    expect(Math.min(...skews)).toBeLessThan(-4000)
    expect(Math.max(...skews)).toBeGreaterThan(4000)
    expect(Math.max(...skews.map(Math.abs))).toBeLessThanOrEqual(5000)
    const withoutTime = (line: string) => line.replace(/"eventTimeMs":[\d.]+/, '')
    expect(lines.map(withoutTime)).toEqual(clean.map(withoutTime))
    near(counts['clock-skewed']!, 0.05)
    const csv = await spoiled({ 'clock-skewed': 0.05 }, { ...spec, format: 'csv' })
    expect(csv.counts).toEqual(counts)
    expect(csv.lines.map((line) => Number(line.split(',')[0]))).toEqual(
      lines.map((line) => Math.round(timeOf(line) * 1000)),
    )
  })
})
