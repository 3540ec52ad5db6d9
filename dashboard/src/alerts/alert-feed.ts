import type { Alert } from '../../../src/events/alert.ts'
import { newestAlerts } from './newest-alerts.ts'

/** Most alerts kept of those that came live; older ones are asked for by REST. */
export const ALERT_FEED_MAX_COUNT = 200

/** Alerts that came over the live connection, newest first, for `useSyncExternalStore`. */
export class AlertFeed {
  #alerts: readonly Alert[] = []
  readonly #listeners = new Set<() => void>()

  readonly snapshot = (): readonly Alert[] => this.#alerts

  /** @returns ends it */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  add(alerts: readonly Alert[]): void {
    if (alerts.length > 0) this.#replace(newestAlerts([this.#alerts, alerts]).slice(0, ALERT_FEED_MAX_COUNT))
  }

  clear(): void {
    this.#replace([])
  }

  #replace(alerts: readonly Alert[]): void {
    this.#alerts = alerts
    for (const listener of this.#listeners) listener()
  }
}
