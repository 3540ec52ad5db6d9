import type { Alert } from '../../src/events/alert.ts'
import type { Candle } from '../../src/events/candle.ts'
import type { Gap } from '../../src/events/gap.ts'
import type { Quote, Trade } from '../../src/events/trade.ts'
import { Program, type ProgramEnd, type ProgramOptions } from './program.ts'

export type Emitted = Candle | Alert | Gap | Trade | Quote

export interface ReplayRun extends ProgramEnd {
  /** Every line of standard output. */
  readonly events: readonly Emitted[]
  /** The summary's rows by name: `lines`, `events`, `passed over`, `bad lines`, `duplicates`, `too late`. */
  readonly summary: Readonly<Record<string, string>>
}

/** `finpulse replay` with these arguments, to its end. */
export async function runReplay(
  args: readonly string[],
  options: ProgramOptions & { stdin?: string | Buffer },
): Promise<ReplayRun> {
  const end = await Program.run(['replay', ...args], options)
  const lines = end.stdout.split('\n')
  // Whole lines only: what follows the last line end is nothing.
  if (lines.pop() !== '') throw new Error(`standard output ends inside a line: ${end.stdout.slice(-200)}`)
  const rows = [...end.stderr.matchAll(/^([a-z][a-z ]{11}) (.*)$/gm)].map((row) => [row[1]!.trim(), row[2]!] as const)
  return { ...end, events: lines.map((line) => JSON.parse(line) as Emitted), summary: Object.fromEntries(rows) }
}

export function eventsOf<K extends Emitted['type']>(run: ReplayRun, type: K): Extract<Emitted, { type: K }>[] {
  return run.events.filter((event): event is Extract<Emitted, { type: K }> => event.type === type)
}
