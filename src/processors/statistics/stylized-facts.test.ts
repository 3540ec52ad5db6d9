import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { STYLIZED_FACT_NAMES, STYLIZED_FACTS, type StylizedFact, stylizedFacts } from './stylized-facts.ts'

/** Prices that follow from a list of steps in ticks. */
function seriesOf(steps: readonly number[], volumes = steps.map((step) => Math.abs(step) + 1)) {
  let price = 10_000
  const closes = steps.map((step) => (price += step))
  return { closes: Float64Array.from(closes), volumes: Float64Array.from(volumes) }
}

const wobble = (count: number) =>
  seriesOf(Array.from({ length: count }, (_, index) => Math.round(40 * Math.sin(index * index))))
const factOf = (series: Parameters<typeof stylizedFacts>[0], fact: StylizedFact) => stylizedFacts(series)[fact].value
const knownOf = (series: Parameters<typeof stylizedFacts>[0]) => {
  const facts = stylizedFacts(series)
  return STYLIZED_FACT_NAMES.filter((fact) => facts[fact].value !== null)
}

describe('stylised facts', () => {
  it('are there from so many minutes on, and not before', () => {
    for (const fact of STYLIZED_FACT_NAMES) {
      const { minutesMin } = STYLIZED_FACTS[fact]
      expect(factOf(wobble(minutesMin), fact), fact).not.toBeNull()
      expect(stylizedFacts(wobble(minutesMin - 1))[fact]).toEqual({
        value: null,
        reason: expect.stringMatching(/^needs [\d,]+ minutes, has [\d,]+$/),
      })
    }
  })

  it('none are there of nothing, one minute or two', () => {
    for (const count of [0, 1, 2]) expect(knownOf(wobble(count))).toEqual([])
  })

  it('of values that do not vary are not there, and say why', () => {
    const flat = seriesOf(new Array<number>(2000).fill(0))
    expect(stylizedFacts(flat)).toMatchObject({
      std_bp: { value: 0 },
      zero_ret: { value: 1 },
      kurt: { value: null, reason: 'its values do not vary' },
      hill_tail_1pct: { value: null },
      corr_absr_vol: { value: null },
    })
  })

  it('count outliers to both sides', () => {
    const calm = Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? 1 : -1))
    const share = (last: number) => factOf(seriesOf([...calm, last]), 'z3_ret_w20')
    expect(share(2)).toBe(0)
    expect(share(40)).toBe(share(-40))
    expect(share(40)).toBeGreaterThan(0)
  })

  it('have no return over a hole, whatever the price did meanwhile', () => {
    const anySteps = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 15, maxLength: 60 })
    const anyFactor = fc.double({ min: 0.01, max: 100, noNaN: true })
    fc.assert(
      fc.property(anySteps, anySteps, anyFactor, (before, after, factor) => {
        const broken = (scale: number) => {
          const { closes, volumes } = seriesOf([...before, 0, ...after])
          closes[before.length] = Number.NaN
          volumes[before.length] = Number.NaN
          return stylizedFacts({
            closes: closes.map((close, at) => (at > before.length ? close * scale : close)),
            volumes,
          })
        }
        const [still, jumped] = [broken(1), broken(factor)]
        for (const fact of ['std_bp', 'kurt', 'skew', 'zero_ret', 'acf_r1', 'acf_abs_5', 'corr_absr_vol'] as const) {
          expect(jumped[fact].value ?? 0, fact).toBeCloseTo(still[fact].value ?? 0, 6)
        }
      }),
    )
  })

  it('of too many holes are not there, though the minutes would do', () => {
    const series = wobble(200)
    for (let index = 0; index < 200; index += 5) series.closes[index] = Number.NaN
    const { z3_ret_w20, std_bp } = stylizedFacts(series)
    expect(z3_ret_w20).toEqual({ value: null, reason: 'needs 41 minutes in a row; too many are missing in between' })
    expect(std_bp.value).not.toBeNull()
  })
})
