import type { ServerMessage } from '../../../src/protocol/live.ts'
import { AlertFeed } from '../alerts/alert-feed.ts'
import { FramePump } from '../live/frame-pump.ts'
import { LiveClient } from '../live/live-client.ts'
import { browserSocketOpener } from '../live/live-socket.ts'
import { MarketEntries } from '../market/market-entries.ts'
import { isOfOneSymbol, queryClient } from './query-client.ts'
import { ValueStore } from './value-store.ts'

/* The page's one connection and what it fills. */

export const framePump = new FramePump()
export const marketEntries = new MarketEntries()
export const alertFeed = new AlertFeed()
/** Grows when charts and trades are to be read anew: the history was only then built. */
export const generation = new ValueStore(0)
/** Grows when something was missed: after a lost connection, or where the server left something out. */
export const missed = new ValueStore(0)
/** The server's last complaint about a request of ours. */
export const liveNotice = new ValueStore<string | undefined>(undefined)
/** Trades that the server left out of the live stream, ever. */
export const lossCount = new ValueStore(0)

export const liveClient = new LiveClient({ open: browserSocketOpener('/ws'), onMessage: take })

/** A flood of losses, as while history is built, is read up on once in this time. */
const READ_UP_INTERVAL_MS = 2000
let readUpTimer: ReturnType<typeof setTimeout> | undefined
let epoch: string | undefined

function take(message: ServerMessage): void {
  switch (message.type) {
    case 'frame':
      framePump.add(message)
      return
    case 'welcome':
      if (epoch !== undefined && epoch !== message.epoch) beginAnew()
      else if (epoch !== undefined) readUp()
      epoch = message.epoch
      return
    case 'reset':
      epoch = message.epoch
      beginAnew()
      return
    case 'loss':
      if (message.channel === 'trades') lossCount.set(lossCount.get() + message.missedCount)
      else readUpTimer ??= setTimeout(readUp, READ_UP_INTERVAL_MS)
      return
    case 'error':
      liveNotice.set(message.detail)
      return
    case 'subscribed':
    case 'pong':
      return
  }
}

/** Reads by REST what the live connection did not bring; what is on screen stays until then. */
function readUp(): void {
  clearTimeout(readUpTimer)
  readUpTimer = undefined
  missed.set(missed.get() + 1)
  void queryClient.invalidateQueries()
}

/**
 * Forgets all that is on screen and reads it again. What is of one symbol is read by the symbol's page, which waits for
 * the list of symbols: a log that has just begun knows none, and refuses questions about them.
 */
function beginAnew(): void {
  framePump.clear()
  marketEntries.clear()
  alertFeed.clear()
  for (const query of queryClient.getQueryCache().findAll({ predicate: isOfOneSymbol })) query.reset()
  void queryClient.resetQueries({ predicate: (query) => !isOfOneSymbol(query) })
}

framePump.onUpdate((update) => {
  marketEntries.applyUpdate(update, Date.now())
  alertFeed.add(update.alerts)
})
