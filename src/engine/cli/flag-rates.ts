import { FinPulseError } from '../../base/errors.ts'
import { numberOf, splitList } from '../config.ts'

/**
 * Reads `flash-crash=2,fat-finger=0.5`; which names and values are allowed is for the settings to say.
 * @throws FinPulseError config-invalid
 */
export function ratesOf(text: string, flag: string): Record<string, number> {
  const rates: Record<string, number> = {}
  for (const part of splitList(text)) {
    const [name = '', value = ''] = part.split('=')
    if (name === '' || value === '') {
      throw new FinPulseError('config-invalid', `${flag}: expected NAME=NUMBER, separated by commas, got "${part}"`)
    }
    rates[name] = numberOf(value, `${flag}: ${name}`)
  }
  return rates
}
