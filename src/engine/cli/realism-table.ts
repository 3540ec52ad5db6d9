import { styleText } from 'node:util'
import type { FactRow, RealismReport, SymbolReport } from './realism-report.ts'
import { count } from './status-line.ts'

const SYMBOLS_SHOWN_MAX_COUNT = 12
/** Of fewer minutes, two days, an estimate is rough. */
const ROUGH_MAX_MINUTES = 2880

/** The report for people. */
export function tableOf(report: RealismReport): string {
  const { symbols, facts } = report
  const shown = symbols.slice(0, SYMBOLS_SHOWN_MAX_COUNT).map(symbolLine)
  if (symbols.length > shown.length) shown.push(`… and ${count(symbols.length - shown.length)} more symbols`)
  const title = symbols.length === 1 ? 'value' : 'median'
  const head = `${'fact'.padEnd(17)}${title.padStart(10)}  ${'p10 …'.padStart(12)}${'p90'.padStart(10)}`
  const lines = [...shown, '', head, ...facts.map(factLine), '', ...notesOf(report)]
  return `${lines.join('\n')}\n`
}

function symbolLine({
  venue,
  symbol,
  from,
  to,
  minuteCount,
  tradelessCount,
  holeCount,
  missingCount,
}: SymbolReport): string {
  const span = `${from.slice(0, 16)}Z to ${to.slice(0, 16)}Z`
  const traded = tradelessCount === 0 ? '' : `, ${count(tradelessCount)} of them without a trade`
  const holes = holeCount === 0 ? '' : `; ${counted(holeCount, 'hole')} of ${counted(missingCount, 'minute')} left out`
  return `${symbol} (${venue})  ${span}, ${counted(minuteCount, 'minute')}${traded}${holes}`
}

function factLine({ fact, meaning, median, p10, p90, isInside, reason }: FactRow): string {
  const number = (value: number) => value.toPrecision(4).padStart(10)
  const value = median === null ? '–'.padStart(10) : number(median)
  const text = reason === undefined ? meaning : `${meaning}: ${reason}`
  return `${fact.padEnd(17)}${value}  ${number(p10)} …${number(p90)}  ${verdict(isInside)}  ${text}`
}

function verdict(isInside: boolean | null): string {
  if (isInside === null) return 'n/a    '
  return isInside ? styleText('green', 'inside ') : styleText('red', 'outside')
}

function notesOf({ bandsOf, symbols, leftOut, facts }: RealismReport): string[] {
  const known = facts.filter(({ median }) => median !== null)
  const insideCount = known.filter(({ isInside }) => isInside).length
  const notes = [`${insideCount} of ${known.length} facts lie inside. The bands are of ${bandsOf}.`]
  const longest = Math.max(...symbols.map(({ minuteCount }) => minuteCount))
  if (longest < ROUGH_MAX_MINUTES) {
    notes.push(`Only ${count(longest)} minutes: the estimates are rough. A month of the bands has about 43,200.`)
  }
  const others = symbols.filter(({ isCrypto }) => !isCrypto)
  if (others.length > 0) {
    notes.push(
      `Not known to be crypto: ${namesOf(others)}. Other markets lie elsewhere: read the bands as a comparison.`,
    )
  }
  if (leftOut.length > 0) notes.push(`Too short for any fact: ${namesOf(leftOut)}.`)
  return notes
}

function namesOf(symbols: readonly SymbolReport[]): string {
  const names = symbols.slice(0, SYMBOLS_SHOWN_MAX_COUNT).map(({ symbol }) => symbol)
  return symbols.length > names.length ? `${names.join(', ')}, …` : names.join(', ')
}

function counted(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`
}
