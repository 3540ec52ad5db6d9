import type { ServerMessage } from '../../../src/protocol/live.ts'
import { AlertFeed } from '../alerts/alert-feed.ts'
import { FramePump } from '../live/frame-pump.ts'
import { LiveClient } from '../live/live-client.ts'
import { browserSocketOpener } from '../live/live-socket.ts'
import { MarketEntries } from '../market/market-entries.ts'
import { queryClient } from './query-client.ts'
import { ValueStore } from './value-store.ts'

/* The page's one connection and what it fills. */

export const framePump = new FramePump()
export const marketEntries = new MarketEntries()
export const alertFeed = new AlertFeed()
/** Counts the times when everything shown has to be read anew: another epoch, or a connection after a lost one. */
export const generation = new ValueStore(0)
/** The server's last complaint about a request of ours, and how much it left out. */
export const liveNotice = new ValueStore<string | undefined>(undefined)
/** Trades that the server left out of the live stream, ever. */
export const lossCount = new ValueStore(0)

export const liveClient = new LiveClient({ open: browserSocketOpener('/ws'), onMessage: take })

let epoch: string | undefined

function take(message: ServerMessage): void {
  switch (message.type) {
    case 'frame':
      framePump.add(message)
      return
    case 'welcome':
      if (epoch !== undefined) beginAnew(message.epoch !== epoch)
      epoch = message.epoch
      return
    case 'reset':
      epoch = message.epoch
      beginAnew(true)
      return
    case 'loss':
      if (message.channel === 'trades') lossCount.set(lossCount.get() + message.missedCount)
      else beginAnew(false)
      return
    case 'error':
      liveNotice.set(message.detail)
      return
    case 'subscribed':
    case 'pong':
      return
  }
}

/** @param isForgotten true where what is on screen never happened in the new epoch */
function beginAnew(isForgotten: boolean): void {
  if (isForgotten) {
    framePump.clear()
    marketEntries.clear()
    alertFeed.clear()
  }
  generation.set(generation.get() + 1)
  void (isForgotten ? queryClient.resetQueries() : queryClient.invalidateQueries())
}

framePump.onUpdate((update) => {
  marketEntries.applyUpdate(update, Date.now())
  alertFeed.add(update.alerts)
})
