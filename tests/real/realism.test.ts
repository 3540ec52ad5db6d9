import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { MarketMinutes, readRecordings } from '../../src/engine/cli/realism-minutes.ts'
import { type RealismReport, reportOf } from '../../src/engine/cli/realism-report.ts'
import type { StylizedFact } from '../../src/processors/statistics/stylized-facts.ts'

/* Every recording of the shared data through `finpulse realism`, and two months of the kind that the bands are of against
 * the plain definitions. */

const DATA = fileURLToPath(new URL('../../../shared/data/', import.meta.url))
const KLINES = `${DATA}binance-klines/`
const MONTHS = ['FILUSDT-1m-2024-04', 'FILUSDT-1m-2025-09'] as const
const MINUTES_OF_A_MONTH = 43_200
const hasData = existsSync(KLINES)
if (!hasData) console.warn(`skipped: no recorded data in ${DATA}`)

async function reportFor(...paths: string[]) {
  const minutes = new MarketMinutes()
  const { counts, failures } = await readRecordings(minutes, paths)
  return { report: reportOf(minutes.finish()), counts, failures }
}

const factOf = ({ facts }: RealismReport, fact: StylizedFact) => facts.find((row) => row.fact === fact)!.median
const knownOf = ({ facts }: RealismReport) => facts.filter(({ median }) => median !== null).map(({ fact }) => fact)

describe('a month of klines', () => {
  it.skipIf(!hasData).each(MONTHS)('%s has the facts as they are defined', async (month) => {
    const { report, counts } = await reportFor(`${KLINES}${month}.csv.gz`)
    expect(counts.badByReason).toEqual({})
    expect(report.symbols).toMatchObject([
      { venue: 'binance', symbol: 'FILUSDT', minuteCount: MINUTES_OF_A_MONTH, holeCount: 0, isCrypto: true },
    ])
    const naive = naiveFacts(month)
    expect(Object.keys(naive).toSorted()).toEqual(report.facts.map(({ fact }) => fact).toSorted())
    for (const [fact, value] of Object.entries(naive)) {
      expect(factOf(report, fact as StylizedFact), fact).toBeCloseTo(value, 8)
    }
  })

  /*
   * FIL is among the symbols of the bands, so of two months some four fifths of the facts must lie inside. They
   * told that outliers are counted to both sides: above the mean alone, both months are far below the bands of returns.
   */
  it.skipIf(!hasData).each([
    // 12 April 2024, 18:35: down by 15 % within a minute.
    [MONTHS[0], ['kurt', 'skew', 'zero_ret', 'kurt_x5', 'kurt_x60']],
    [MONTHS[1], ['hill_tail_1pct', 'z3_ret_w60', 'z3_ret_w1440']],
  ])('%s lies where months of the bands do, but for what was special about it', async (month, outside) => {
    const { report } = await reportFor(`${KLINES}${month}.csv.gz`)
    expect(report.facts.filter(({ isInside }) => !isInside).map(({ fact }) => fact)).toEqual(outside)
  })

  it.skipIf(!hasData)('two of one symbol have a hole between them', async () => {
    const { report } = await reportFor(...MONTHS.map((month) => `${KLINES}${month}.csv.gz`))
    const missingCount = (Date.UTC(2025, 8, 1) - Date.UTC(2024, 4, 1)) / 60_000
    expect(report.symbols).toMatchObject([{ minuteCount: 2 * MINUTES_OF_A_MONTH, holeCount: 1, missingCount }])
    // From 5.6 to 2.3 dollars: as a return it would make the kurtosis a thousand times larger.
    expect(factOf(report, 'kurt')).toBeLessThan(3000)
  })
})

describe('a short recording', () => {
  it.skipIf(!hasData)('of 14 klines has what 14 minutes have', async () => {
    const [file] = readdirSync(KLINES).filter((name) => name.startsWith('BTCUSDT'))
    const { report } = await reportFor(`${KLINES}${file}`)
    expect(report.symbols).toMatchObject([{ symbol: 'BTCUSDT', minuteCount: 14 }])
    expect(knownOf(report)).toEqual([
      'std_bp',
      'kurt',
      'skew',
      'acf_r1',
      'zero_ret',
      'acf_abs_1',
      'corr_absr_vol',
      'corr_absr_logvol',
    ])
    const { reason } = report.facts.find(({ fact }) => fact === 'acf_abs_1440')!
    expect(reason).toBe('needs 2,881 minutes, has 14')
  })

  const captures = hasData
    ? ['spot', 'usdm'].flatMap((folder) =>
        readdirSync(`${DATA}binance-captures/${folder}`).map((file) => [folder, file] as const),
      )
    : [['usdm', 'absent'] as const]
  it.skipIf(!hasData).each(captures)('%s/%s has deviation and zeros', async (folder, file) => {
    const { report, failures } = await reportFor(`${DATA}binance-captures/${folder}/${file}`)
    expect(failures).toEqual([])
    expect(knownOf(report)).toEqual(['std_bp', 'zero_ret'])
    expect(factOf(report, 'std_bp')).toBeGreaterThan(3)
    expect(report.symbols).toMatchObject([{ venue: `binance-${folder}`, isCrypto: true, holeCount: 0 }])
  })

  it.skipIf(!hasData)('the minutes of a capture are those of the klines of that time', async () => {
    const capture = new MarketMinutes()
    await readRecordings(capture, [`${DATA}binance-captures/usdm/btcusdt_20240808.gz`])
    const closes = [...capture.finish()[0]!.builder.build()!.series.closes]
    // The first minute of the capture begins inside, and is there for its close; the last ends inside, and is left out.
    const [, ...lines] = readFileSync(`${KLINES}BTCUSDT-USDM-1m-2024-08-08T2350_to_2024-08-09T0006.csv`, 'utf8')
      .trim()
      .split('\n')
    const open = Date.parse('2024-08-08T23:54:00Z')
    const expected = lines.map((line) => line.split(',')).filter(([time]) => Number(time) >= open)
    expect(closes).toEqual(expected.slice(0, closes.length).map((fields) => Number(fields[4])))
    expect(closes).toHaveLength(5)
  })

  it.skipIf(!hasData)('two captures that join are one', async () => {
    const days = ['08', '09'].map((day) => `${DATA}binance-captures/spot/btcusdt_202408${day}.gz`)
    const { report } = await reportFor(...days)
    expect(report.symbols).toMatchObject([{ minuteCount: 11, holeCount: 0 }])
    expect(knownOf(report)).toContain('kurt')
  })

  const seconds = hasData ? readdirSync(`${DATA}cryptofeed-binance`) : ['absent']
  it.skipIf(!hasData).each(seconds)('%s, of 30 s, is read and has no fact', async (file) => {
    const { report, failures, counts } = await reportFor(`${DATA}cryptofeed-binance/${file}`)
    expect(failures).toEqual([])
    expect(counts.lines).toBeGreaterThan(1)
    expect(report.symbols).toEqual([])
    for (const { minuteCount } of report.leftOut) expect(minuteCount).toBe(1)
  })
})

describe('a day of SPY', () => {
  it.skipIf(!hasData)('is read from its archive, and is not taken for crypto', async () => {
    const { report, counts } = await reportFor(`${DATA}us-equity-ticks/SPY_20131008_trade.zip`)
    expect(counts).toMatchObject({ trades: 451_545, bad: 0 })
    // From 04:00 to 20:00 in New York, summer time; the last minute is left out.
    expect(report.symbols).toMatchObject([
      { symbol: 'SPY', from: '2013-10-08T08:00:00.000Z', to: '2013-10-08T23:59:00.000Z', isCrypto: false },
    ])
    expect(report.facts.filter(({ median }) => median === null).map(({ fact }) => fact)).toEqual([
      'hill_tail_1pct',
      'acf_abs_1440',
      'z3_ret_w1440',
      'z3_vol_w1440',
    ])
    // The reference has 3.06 for the regular hours of seven days.
    expect(factOf(report, 'std_bp')).toBeGreaterThan(2)
    expect(factOf(report, 'std_bp')).toBeLessThan(4)
  })
})

/** The facts by their definitions, each window and pair looked at anew. */
function naiveFacts(month: string): Record<StylizedFact, number> {
  const [, ...lines] = gunzipSync(readFileSync(`${KLINES}${month}.csv.gz`))
    .toString()
    .trim()
    .split('\n')
  const rows = lines.map((line) => line.split(',').map(Number))
  const returns = rows.slice(1).map((row, index) => Math.log(row[4]! / rows[index]![4]!))
  const volumes = rows.slice(1).map((row) => row[5]!)
  const sizes = returns.map((value) => Math.abs(value))
  const largest = sizes.toSorted((a, b) => b - a)
  const tailCount = Math.floor(sizes.length / 100)
  const tail = largest.slice(0, tailCount).map((size) => Math.log(size / largest[tailCount]!))
  return {
    std_bp: Math.sqrt(momentOf(returns, 2)) * 1e4,
    kurt: kurtosisOf(returns),
    skew: momentOf(returns, 3) / momentOf(returns, 2) ** 1.5,
    hill_tail_1pct: 1 / mean(tail),
    acf_r1: laggedCorrelation(returns, 1),
    zero_ret: mean(returns.map((value) => (value === 0 ? 1 : 0))),
    acf_abs_1: laggedCorrelation(sizes, 1),
    acf_abs_5: laggedCorrelation(sizes, 5),
    acf_abs_10: laggedCorrelation(sizes, 10),
    acf_abs_60: laggedCorrelation(sizes, 60),
    acf_abs_1440: laggedCorrelation(sizes, 1440),
    kurt_x5: kurtosisOf(sumsOf(returns, 5)),
    kurt_x60: kurtosisOf(sumsOf(returns, 60)),
    corr_absr_vol: correlationOf(sizes, volumes),
    corr_absr_logvol: correlationOf(
      sizes,
      volumes.map((volume) => Math.log(volume + 1e-9)),
    ),
    z3_ret_w20: outliersOf(returns, 20),
    z3_vol_w20: outliersOf(volumes, 20),
    z3_ret_w60: outliersOf(returns, 60),
    z3_vol_w60: outliersOf(volumes, 60),
    z3_ret_w1440: outliersOf(returns, 1440),
    z3_vol_w1440: outliersOf(volumes, 1440),
  }
}

function mean(values: readonly number[]): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}

function momentOf(values: readonly number[], order: number): number {
  const center = mean(values)
  return mean(values.map((value) => (value - center) ** order))
}

function kurtosisOf(values: readonly number[]): number {
  return momentOf(values, 4) / momentOf(values, 2) ** 2
}

function sumsOf(values: readonly number[], count: number): number[] {
  const sums: number[] = []
  for (let at = 0; at + count <= values.length; at += count) sums.push(mean(values.slice(at, at + count)) * count)
  return sums
}

function laggedCorrelation(values: readonly number[], lag: number): number {
  const center = mean(values)
  const products = values.slice(lag).map((value, index) => (value - center) * (values[index]! - center))
  return mean(products) / momentOf(values, 2)
}

function correlationOf(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)]
  const products = a.map((value, index) => (value - meanA) * (b[index]! - meanB))
  return mean(products) / Math.sqrt(momentOf(a, 2) * momentOf(b, 2))
}

function outliersOf(values: readonly number[], window: number): number {
  let count = 0
  for (let at = window; at < values.length; at++) {
    const before = values.slice(at - window, at)
    const deviation = Math.sqrt(momentOf(before, 2))
    if (deviation > 0 && Math.abs(values[at]! - mean(before)) > 3 * deviation) count += 1
  }
  return count / (values.length - window)
}
