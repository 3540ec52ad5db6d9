import { styleText } from 'node:util'
import { type LevelWithSilent, type Logger, pino } from 'pino'

/**
 * Logs for machines: one JSON a line on standard output. On a terminal only warnings and errors, for people, by
 * `print`, so that the status line stays the last one.
 */
export function createLogger(level: LevelWithSilent, print?: (line: string) => void): Logger {
  if (print === undefined) return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime })
  const shown: LevelWithSilent = level === 'info' ? 'warn' : level
  return pino({ level: shown, base: null }, { write: (line: string) => print(lineForPeople(line)) })
}

function lineForPeople(line: string): string {
  const { level, time, msg, err, ...fields } = JSON.parse(line) as {
    level: number
    time: number
    msg?: string
    err?: { message?: string }
    [field: string]: unknown
  }
  const clock = new Date(time).toTimeString().slice(0, 8)
  const name = level >= 50 ? styleText('red', 'error') : level >= 40 ? styleText('yellow', 'warning') : 'info'
  const rest = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`
  return `${clock} ${name} ${msg ?? ''}${err?.message === undefined ? '' : `: ${err.message}`}${rest}`
}
