import { useEffect, useState } from 'react'
import { framePump, generation, liveClient, lossCount } from '../app/live.ts'
import { useValue } from '../app/use-value.ts'
import { ErrorNote } from '../components/error-note.tsx'
import { StateNote } from '../components/state-note.tsx'
import { formatCount, groupDigits } from '../format/number.ts'
import { formatClock } from '../format/time.ts'
import { useRecentTrades } from '../rest/queries.ts'
import { addTrades, type TapeTrade } from './trade-list.ts'

const SHOWN_COUNT = 80
const SIDE_COLORS = { buy: 'text-up', sell: 'text-down', unknown: 'text-text' } as const
const SIDE_SIGNS = { buy: 'B', sell: 'S', unknown: '' } as const

/** The newest trades, live. */
export function TradeTape({ symbol }: { readonly symbol: string }) {
  const { tape, missedCount, error, isLoading, refetch } = useTape(symbol)
  return (
    <>
      <div className="panel-title shrink-0">
        <h2>Trades</h2>
        {missedCount > 0 && (
          <span className="ml-auto font-normal text-[11px] text-accent">{formatCount(missedCount)} not shown</span>
        )}
      </div>
      <div className="min-h-0 flex-1 overflow-hidden">
        {tape.length === 0 && error !== null && (
          <ErrorNote title="Trades could not be read" error={error} onRetry={refetch} />
        )}
        {tape.length === 0 && error === null && (
          <StateNote title={isLoading ? 'Loading trades' : 'No trades yet'} isBusy />
        )}
        {tape.length > 0 && <TapeTable tape={tape} />}
      </div>
    </>
  )
}

function TapeTable({ tape }: { readonly tape: readonly TapeTrade[] }) {
  return (
    <div className="h-full max-h-full overflow-y-auto max-lg:max-h-72">
      <table className="w-full font-mono text-[12px]">
        <thead className="sticky top-0 bg-panel text-[11px] text-dim">
          <tr>
            <th className="px-3 text-left font-medium">UTC</th>
            <th className="text-right font-medium">Price</th>
            <th className="text-right font-medium">Quantity</th>
            <th className="w-9 px-2 font-medium">
              <abbr title="Side of the taker: B bought, S sold" className="no-underline">
                Side
              </abbr>
            </th>
          </tr>
        </thead>
        <tbody>
          {tape.map(({ key, trade, step }) => (
            <tr key={key} className="h-[22px]">
              <td className="px-3 text-dim">{formatClock(trade.eventTimeMs)}</td>
              <td className={`text-right ${SIDE_COLORS[trade.takerSide]}`}>
                {step !== 0 && (
                  <span aria-hidden className="mr-1 text-[10px]">
                    {step > 0 ? '↑' : '↓'}
                  </span>
                )}
                {groupDigits(trade.price)}
              </td>
              <td className="text-right">{groupDigits(trade.quantity)}</td>
              <td className={`px-2 text-center ${SIDE_COLORS[trade.takerSide]}`}>{SIDE_SIGNS[trade.takerSide]}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function useTape(symbol: string) {
  const { data, error, isLoading, refetch } = useRecentTrades(symbol, SHOWN_COUNT)
  const isAnew = useValue(generation)
  const serverLossCount = useValue(lossCount)
  const [firstLossCount, setFirstLossCount] = useState(serverLossCount)
  const [pageLossCount, setPageLossCount] = useState(0)
  const [tape, setTape] = useState<readonly TapeTrade[]>([])

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new generation or answer begins the tape anew
  useEffect(() => {
    setTape(addTrades([], data?.toReversed() ?? [], SHOWN_COUNT))
    setFirstLossCount(lossCount.get())
    setPageLossCount(0)
  }, [data, isAnew])

  useEffect(() => {
    const endUpdates = framePump.onUpdate((update) => {
      const trades = update.trades.filter((trade) => trade.symbol === symbol)
      if (trades.length > 0) setTape((old) => addTrades(old, trades, SHOWN_COUNT))
      if (update.missedTradeCount > 0) setPageLossCount((old) => old + update.missedTradeCount)
    })
    const endSubscription = liveClient.subscribe('trades', [symbol])
    return () => {
      endUpdates()
      endSubscription()
    }
  }, [symbol])

  const missedCount = serverLossCount - firstLossCount + pageLossCount
  return { tape, missedCount, error, isLoading, refetch: () => void refetch() }
}
