import { FinPulseError } from './errors.ts'

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * Reads `500ms`, `2s`, `15m`, `24h` or `7d`.
 * @param subject what the text is, for the error
 * @returns milliseconds
 * @throws FinPulseError config-invalid
 */
export function parseDuration(text: string, subject: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim())
  if (match === null) {
    throw new FinPulseError(
      'config-invalid',
      `${subject}: expected a duration such as 500ms, 2s, 15m, 24h or 7d, got "${text}"`,
    )
  }
  return Number(match[1]) * UNIT_MS[match[2]!]!
}
