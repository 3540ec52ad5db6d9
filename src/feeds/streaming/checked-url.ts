import { FinPulseError } from '../../base/errors.ts'

/** A base address without a slash at its end. @throws FinPulseError config-invalid */
function checkedUrl(text: string, protocols: RegExp, expected: string): string {
  const url = URL.parse(text)
  if (url === null || !protocols.test(url.protocol) || url.search !== '') {
    throw new FinPulseError(
      'config-invalid',
      `feed URL: expected one that begins with ${expected} and has no query, got "${text}"`,
    )
  }
  return url.href.replace(/\/$/, '')
}

/**
 * The base of sockets and the base of requests at one address, which may be written with either's protocol.
 * @throws FinPulseError config-invalid
 */
export function socketAndRestUrl(text: string): { readonly url: string; readonly restUrl: string } {
  const address = checkedUrl(text, /^(ws|http)s?:$/, 'ws(s):// or http(s)://')
  return { url: address.replace(/^http/, 'ws'), restUrl: address.replace(/^ws/, 'http') }
}

/** @throws FinPulseError config-invalid */
export function checkedRestUrl(text: string): string {
  return checkedUrl(text, /^https?:$/, 'http:// or https://')
}
