import { FinPulseError } from '../../base/errors.ts'
import { suggest } from '../config.ts'

/** What may happen to a line on its way, in the order in which it is drawn. A line meets one of them at most. */
export const DIRTY_KINDS = [
  'missing',
  'duplicate',
  'late',
  'out-of-order',
  'malformed',
  'oversized',
  'clock-skewed',
] as const
export type DirtyKind = (typeof DIRTY_KINDS)[number]
/** Part of the lines that each happens to, 0 to 0.5, together at most 1. */
export type DirtyRates = Readonly<Partial<Record<DirtyKind, number>>>

/** Reads `late=1%,duplicate=0.001`. @throws FinPulseError config-invalid */
export function parseDirtyRates(text: string, flag: string): DirtyRates {
  const rates: Partial<Record<DirtyKind, number>> = {}
  for (const [name, rate] of parseShares(text, flag, DIRTY_KINDS)) rates[name] = rate
  let sum = 0
  for (const [kind, rate] of Object.entries(rates)) {
    sum += rate
    if (rate > 0.5) {
      throw new FinPulseError('config-invalid', `${flag} ${kind}: expected 0 to 50 %, got ${percentText(rate)} %`)
    }
  }
  if (sum > 1) {
    throw new FinPulseError('config-invalid', `${flag}: expected at most 100 % in all, got ${percentText(sum)} %`)
  }
  return rates
}

/** Without the digits that sums of shares have beyond what was written. */
function percentText(share: number): string {
  return String(Number((share * 100).toPrecision(12)))
}

/** Reads `name=1%,other=0.001`. @throws FinPulseError config-invalid naming what is allowed */
export function parseShares<K extends string>(text: string, flag: string, names: readonly K[]): [K, number][] {
  const named = new Set<K>()
  return text.split(',').map((part) => {
    const [name = '', value = ''] = part.trim().split('=')
    const known = names.find((candidate) => candidate === name)
    if (known === undefined) {
      throw new FinPulseError('config-invalid', `${flag}: "${name}" is none of them${suggest(name, names)}`)
    }
    if (named.has(known)) throw new FinPulseError('config-invalid', `${flag}: ${known} is there twice`)
    named.add(known)
    const digits = value.endsWith('%') ? value.slice(0, -1) : value
    const share = value.endsWith('%') ? Number(digits) / 100 : Number(digits)
    if (digits.trim() === '' || !(share >= 0 && share <= 1)) {
      throw new FinPulseError(
        'config-invalid',
        `${flag}: expected a share from 0 to 1, or in %, as in ${known}=0.1%, got "${part}"`,
      )
    }
    return [known, share]
  })
}
