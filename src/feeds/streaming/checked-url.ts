import { FinPulseError } from '../../base/errors.ts'

/** A base address without a slash at its end. @throws FinPulseError config-invalid */
export function checkedUrl(text: string, protocols: RegExp, expected: string): string {
  const url = URL.parse(text)
  if (url === null || !protocols.test(url.protocol) || url.search !== '') {
    throw new FinPulseError(
      'config-invalid',
      `feed URL: expected one that begins with ${expected} and has no query, got "${text}"`,
    )
  }
  return url.href.replace(/\/$/, '')
}
