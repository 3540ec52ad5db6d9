/** What the top bar says. Times are wall clock in ms. */
export type ConnectionState =
  /** First attempt under way. */
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Connected, but nothing new came since `sinceMs` though something is subscribed to. */
  | { readonly kind: 'stale'; readonly sinceMs: number }
  /** Closed; the next attempt is due at `retryAtMs` (in the past: it is under way). */
  | { readonly kind: 'reconnecting'; readonly attempt: number; readonly retryAtMs: number }
  /** The server said not to come back, and why. */
  | { readonly kind: 'refused'; readonly reason: string }

export type ConnectionKind = ConnectionState['kind']
