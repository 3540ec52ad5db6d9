import { useEffect, useMemo, useRef, useState } from 'react'
import type { Alert } from '../../../src/events/alert.ts'
import type { Interval } from '../../../src/events/interval.ts'
import type { Range } from '../app/route.ts'
import { candleMarks } from './alert-marks.ts'
import type { CandleHistory, HistorySnapshot } from './candle-history.ts'
import { CandleLegend } from './candle-legend.tsx'
import { dayVwap } from './candle-merge.ts'
import { INTERVAL_MS, RANGE_MS } from './chart-spans.ts'
import { ChartView } from './chart-view.ts'

interface PriceChartProps {
  readonly history: CandleHistory
  readonly snapshot: HistorySnapshot
  readonly interval: Interval
  readonly range: Range
  readonly priceDecimals: number
  readonly alerts: readonly Alert[]
}

const VISIBLE_MIN_COUNT = 12

/** One chart for one history: another history needs another `key`. */
export function PriceChart({ history, snapshot, interval, range, priceDecimals, alerts }: PriceChartProps) {
  const element = useRef<HTMLDivElement>(null)
  const view = useRef<ChartView | undefined>(undefined)
  const [pointedMs, setPointedMs] = useState<number | undefined>()
  const { candles, isComplete, isReady } = snapshot
  const vwap = useMemo(() => dayVwap(candles, isComplete), [candles, isComplete])
  const firstMs = candles[0]?.openTimeMs
  // biome-ignore lint/correctness/useExhaustiveDependencies: marks depend on which candles there are, not on their prices
  const marks = useMemo(
    () => candleMarks(alerts, candles, INTERVAL_MS[interval]),
    [alerts, candles.length, firstMs, interval],
  )

  useEffect(() => {
    if (element.current === null) return
    const created = new ChartView(element.current, {
      onPoint: setPointedMs,
      onNearStart: () => void history.loadOlder(),
    })
    view.current = created
    return () => {
      view.current = undefined
      created.destroy()
    }
  }, [history])

  useEffect(() => view.current?.setPriceDecimals(priceDecimals), [priceDecimals])
  useEffect(() => view.current?.setCandles(candles), [candles])
  useEffect(() => view.current?.setVwap(vwap), [vwap])
  useEffect(() => view.current?.setMarks(marks), [marks])
  useEffect(() => {
    if (isReady) view.current?.showLast(Math.max(VISIBLE_MIN_COUNT, RANGE_MS[range] / INTERVAL_MS[interval]))
  }, [range, interval, isReady])

  const pointed =
    (pointedMs === undefined ? undefined : candles.find((candle) => candle.openTimeMs === pointedMs)) ?? candles.at(-1)
  const pointedVwap = vwap.findLast((point) => point.openTimeMs === pointed?.openTimeMs)?.value
  return (
    <div className="flex h-full min-h-0 flex-col">
      {pointed && <CandleLegend candle={pointed} dayVwap={pointedVwap} priceDecimals={priceDecimals} />}
      <div
        ref={element}
        className="min-h-0 flex-1"
        role="img"
        aria-label={`${interval} candles with volume and VWAP, times in UTC`}
      />
    </div>
  )
}
