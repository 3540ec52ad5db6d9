import { FinPulseError } from '../../base/errors.ts'
import { STYLIZED_FACT_NAMES, STYLIZED_FACTS } from '../../processors/statistics/stylized-facts.ts'
import { generateInto, type MarketFlags } from './realism-market.ts'
import { MarketMinutes, type RecordedInput, readRecordings } from './realism-minutes.ts'
import { type RealismReport, reportOf } from './realism-report.ts'
import { tableOf } from './realism-table.ts'
import { count } from './status-line.ts'

export interface RealismFlags extends MarketFlags {
  readonly json?: boolean
}

/**
 * Prints the statistics of the recordings, or of a generated market. What could not be read is said on standard error.
 * @throws FinPulseError config-invalid, input-unreadable where there is no statistic at all
 */
export async function realism(files: readonly string[], flags: RealismFlags): Promise<void> {
  const minutes = new MarketMinutes()
  const input = files.length > 0 ? await readRecordings(minutes, files) : undefined
  if (input === undefined) generateInto(minutes.processor, flags)
  const report = reportOf(minutes.finish())
  if (input !== undefined) {
    if (report.symbols.length === 0) throw input.failures[0] ?? tooShort(input, report)
    sayWhatIsMissing(input)
  }
  process.stdout.write(flags.json === true ? `${JSON.stringify(report)}\n` : tableOf(report))
}

function sayWhatIsMissing({ counts, failures }: RecordedInput): void {
  for (const { message } of failures) process.stderr.write(`finpulse: ${message}\n`)
  if (failures.length > 0) process.exitCode = 1
  if (counts.bad > 0) process.stderr.write(`finpulse: ${count(counts.bad)} lines could not be read\n`)
}

function tooShort({ counts }: RecordedInput, { leftOut }: RealismReport): FinPulseError {
  const needed = Math.min(...STYLIZED_FACT_NAMES.map((fact) => STYLIZED_FACTS[fact].minutesMin))
  const longest = Math.max(0, ...leftOut.map(({ minuteCount }) => minuteCount))
  const { trades, lines, bad, firstEventTimeUs = 0, lastEventTimeUs = 0 } = counts
  const seconds = ((lastEventTimeUs - firstEventTimeUs) / 1e6).toFixed(1)
  return new FinPulseError(
    'input-unreadable',
    `realism: expected at least ${needed} whole minutes of one symbol, got ${longest}: ${count(trades)} trades over ` +
      `${seconds} s in ${count(lines)} lines, ${count(bad)} of them not readable`,
  )
}
