import { silentLogger } from '../../src/base/logger.ts'
import { checkConfig, type Settings } from '../../src/engine/config.ts'
import { Engine } from '../../src/engine/engine.ts'

export interface RunningEngine {
  readonly engine: Engine
  readonly url: string
  /** Rejects when a thread of the engine fails; never resolves. */
  readonly failure: Promise<never>
}

/** The real engine as `finpulse up` runs it, without the dashboard's files. */
export async function startEngine(dataDir: string, feed: Settings, settings: Settings = {}): Promise<RunningEngine> {
  const config = checkConfig(
    { dataDir, port: 0, logLevel: 'silent', ...settings, feed: { type: 'simulator', ...feed } },
    'bench',
  )
  const failed = Promise.withResolvers<never>()
  // Whoever waits for the engine waits for this as well; until then it is nobody's unhandled rejection.
  failed.promise.catch(() => undefined)
  const engine = new Engine({
    config,
    logger: silentLogger,
    onFailure: failed.reject,
    dashboardDirectory: undefined,
  })
  const url = await Promise.race([engine.start(), failed.promise])
  return { engine, url, failure: failed.promise }
}

/** A feed that begins at this moment, with no history before it. */
export function liveFeed(settings: Settings): Settings {
  return { ...settings, backfill: '0s', startTime: new Date().toISOString() }
}

export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
