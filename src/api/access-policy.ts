import { isIPv6 } from 'node:net'

/** Why a request is refused before any route sees it. */
export interface Refusal {
  readonly status: 403
  readonly detail: string
}

/**
 * Who may talk to this server.
 *
 * A page of another site can make a browser send requests here. Bound to loopback, the server therefore answers only to
 * its own names (else DNS rebinding would give a foreign page our answers), and requests that carry an Origin must come
 * from the same host wherever they may change something or open a WebSocket, which no CORS rule guards.
 */
export class AccessPolicy {
  readonly #ownHosts: ReadonlySet<string> | undefined
  readonly #allowedOrigins: ReadonlySet<string>

  constructor(boundHost: string, allowedOrigins: readonly string[]) {
    this.#ownHosts = isLoopback(boundHost)
      ? new Set(['localhost', '127.0.0.1', '[::1]', isIPv6(boundHost) ? `[${boundHost}]` : boundHost.toLowerCase()])
      : undefined
    this.#allowedOrigins = new Set(allowedOrigins)
  }

  /** @param isGuarded whether the Origin counts: for WebSockets and for every method but GET, HEAD and OPTIONS */
  check(host: string | undefined, origin: string | undefined, isGuarded: boolean): Refusal | undefined {
    const hostname = host?.replace(/:\d+$/, '').toLowerCase()
    if (this.#ownHosts !== undefined && (hostname === undefined || !this.#ownHosts.has(hostname))) {
      const names = [...this.#ownHosts].join(', ')
      return { status: 403, detail: `host: expected one of ${names}, got ${JSON.stringify(host)}` }
    }
    if (!isGuarded || origin === undefined || this.#allowedOrigins.has(origin)) return undefined
    if (host !== undefined && hostOf(origin) === host.toLowerCase()) return undefined
    return { status: 403, detail: `origin: expected the host of this server, got ${JSON.stringify(origin)}` }
  }
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

/** Sent with every answer. The dashboard needs nothing from elsewhere; `'self'` covers its WebSocket. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'self'",
    // The chart library and the API page set style elements of their own.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}
