import { existsSync } from 'node:fs'
import type { WriteStream } from 'node:tty'
import { fileURLToPath } from 'node:url'
import { FinPulseError } from '../../base/errors.ts'
import type { Config } from '../config.ts'
import { Engine } from '../engine.ts'
import { createLogger } from './engine-logger.ts'
import { count, StatusLine } from './status-line.ts'
import { onStopSignal } from './stop-signals.ts'

/** After this time a stop no longer waits: everything acknowledged is in the log, and the next start goes on there. */
const STOP_DEADLINE_MS = 1700
const dashboard = fileURLToPath(new URL('../../../dashboard/dist', import.meta.url))

/** Runs the whole engine until it is told to stop, or fails. */
export async function serve(config: Config): Promise<void> {
  const terminal = process.stdout.isTTY ? (process.stdout as WriteStream) : undefined
  let line: StatusLine | undefined
  const print = terminal && ((text: string) => (line === undefined ? terminal.write(`${text}\n`) : line.print(text)))
  const logger = createLogger(config.logLevel, print)
  const ended = Promise.withResolvers<void>()
  let isStopping = false
  const engine = new Engine({
    config,
    logger,
    onFailure: ended.reject,
    dashboardDirectory: existsSync(dashboard) ? dashboard : undefined,
  })
  onStopSignal((signal) => {
    isStopping = true
    logger.info({ signal }, 'stopping')
    ended.resolve()
  })
  try {
    const url = await Promise.race([engine.start(), ended.promise.then(() => '')])
    if (!isStopping) logger.info({ url, dataDir: config.dataDir, feed: config.feed.type }, 'serving')
    if (terminal !== undefined) line = new StatusLine(terminal, () => viewOf(engine, url, isStopping))
    const ready = announceReady(engine, () => logger.info({ url }, 'ready'))
    await ended.promise
    clearInterval(ready)
  } finally {
    isStopping = true
    const isStopped = await withDeadline(engine.stop())
    line?.close()
    terminal?.write(farewell(engine, config.dataDir))
    if (!isStopped)
      logger.warn({ afterMs: STOP_DEADLINE_MS }, 'stopped without waiting for the store; it goes on at the next start')
    logger.info({}, 'stopped')
  }
  process.exit(0)
}

function farewell(engine: Engine, dataDir: string): string {
  const { pipeline } = engine.status
  const events = count((pipeline?.tradeCount ?? 0) + (pipeline?.quoteCount ?? 0))
  return `stopped with ${events} events in ${dataDir}; the next start goes on there\n`
}

function viewOf(engine: Engine, url: string, isStopping: boolean) {
  const { pipeline, store, eventsPerSecond } = engine.status
  const lagCount = (pipeline?.processLagCount ?? 0) + (store?.lagCount ?? 0)
  return { url, readiness: engine.view().readiness(), pipeline, eventsPerSecond, lagCount, isStopping }
}

function announceReady(engine: Engine, announce: () => void): NodeJS.Timeout {
  const timer = setInterval(() => {
    if (!engine.view().readiness().isReady) return
    clearInterval(timer)
    announce()
  }, 50)
  return timer
}

/** @returns false where the deadline came first */
async function withDeadline(stopping: Promise<void>): Promise<boolean> {
  const deadline = new Promise<false>((resolve) => {
    setTimeout(() => resolve(false), STOP_DEADLINE_MS)
  })
  const stopped = stopping.then(
    () => true,
    (error: unknown) => {
      // A thread that has failed cannot stop in order; its error has been reported already.
      if (error instanceof FinPulseError && error.code !== 'internal') return true
      throw error
    },
  )
  return Promise.race([stopped, deadline])
}
