import {
  type CandlestickData,
  CandlestickSeries,
  ColorType,
  CrosshairMode,
  createChart,
  createSeriesMarkers,
  type HistogramData,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type LineData,
  LineSeries,
  LineStyle,
  type SeriesMarker,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts'
import type { Candle } from '../../../src/events/candle.ts'
import { COLORS } from '../app/colors.ts'
import type { CandleMark } from './alert-marks.ts'
import { changedTail, type VwapPoint } from './candle-merge.ts'

export interface ChartListener {
  /** The candle under the crosshair; undefined where there is none. */
  onPoint(openTimeMs: number | undefined): void
  /** The left edge comes near: older candles will be wanted. */
  onNearStart(): void
}

/** Candles left of the visible ones under which more are asked for. */
const NEAR_START_COUNT = 20
/** Free candle widths at the right edge. */
const RIGHT_MARGIN_COUNT = 6

const timeOf = (openTimeMs: number) => (openTimeMs / 1000) as UTCTimestamp

/** The one place that knows the chart library. */
export class ChartView {
  readonly #chart: IChartApi
  readonly #candles: ISeriesApi<'Candlestick'>
  readonly #volume: ISeriesApi<'Histogram'>
  readonly #vwap: ISeriesApi<'Line'>
  readonly #marks: ISeriesMarkersPluginApi<Time>
  #shown: readonly Candle[] = []
  #vwapStartMs: number | undefined
  #vwapCount = 0

  constructor(element: HTMLElement, listener: ChartListener) {
    this.#chart = createChart(element, chartOptions())
    this.#candles = this.#chart.addSeries(CandlestickSeries, {
      upColor: COLORS.up,
      downColor: COLORS.down,
      wickUpColor: COLORS.up,
      wickDownColor: COLORS.down,
      borderVisible: false,
      priceLineColor: COLORS.accent,
      priceLineStyle: LineStyle.Dotted,
    })
    this.#vwap = this.#chart.addSeries(LineSeries, {
      color: COLORS.information,
      lineWidth: 1,
      priceLineVisible: false,
      lastValueVisible: false,
      crosshairMarkerVisible: false,
    })
    this.#volume = this.#chart.addSeries(
      HistogramSeries,
      { priceFormat: { type: 'volume' }, priceLineVisible: false, lastValueVisible: false },
      1,
    )
    this.#chart.panes()[0]?.setStretchFactor(4)
    this.#chart.panes()[1]?.setStretchFactor(1)
    this.#marks = createSeriesMarkers(this.#candles, [])
    this.#chart.subscribeCrosshairMove((event) => {
      listener.onPoint(typeof event.time === 'number' ? event.time * 1000 : undefined)
    })
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range !== null && range.from < NEAR_START_COUNT && this.#shown.length > 0) listener.onNearStart()
    })
  }

  setPriceDecimals(decimals: number): void {
    const priceFormat = { type: 'price', precision: decimals, minMove: 10 ** -decimals } as const
    this.#candles.applyOptions({ priceFormat })
    this.#vwap.applyOptions({ priceFormat })
  }

  /** Draws only what changed where that is the newest candles; what is visible stays where it is. */
  setCandles(candles: readonly Candle[]): void {
    const previous = this.#shown
    this.#shown = candles
    const changed = changedTail(previous, candles)
    if (changed === undefined) {
      this.#setAll(previous, candles)
      return
    }
    for (const candle of changed) {
      this.#candles.update(barOf(candle))
      this.#volume.update(volumeOf(candle))
    }
  }

  setVwap(points: readonly VwapPoint[]): void {
    const last = points.at(-1)
    const isSameStart = points[0]?.openTimeMs === this.#vwapStartMs && points.length - this.#vwapCount <= 1
    this.#vwapStartMs = points[0]?.openTimeMs
    this.#vwapCount = points.length
    if (isSameStart && last !== undefined) this.#vwap.update(lineOf(last))
    else this.#vwap.setData(points.map(lineOf))
  }

  setMarks(marks: readonly CandleMark[]): void {
    this.#marks.setMarkers(marks.map(markerOf))
  }

  /** Shows the newest `count` candles. */
  showLast(count: number): void {
    const end = this.#shown.length + RIGHT_MARGIN_COUNT
    this.#chart.timeScale().setVisibleLogicalRange({ from: end - RIGHT_MARGIN_COUNT - count, to: end })
  }

  destroy(): void {
    this.#chart.remove()
  }

  #setAll(previous: readonly Candle[], candles: readonly Candle[]): void {
    const scale = this.#chart.timeScale()
    const visible = scale.getVisibleLogicalRange()
    this.#candles.setData(candles.map(barOf))
    this.#volume.setData(candles.map(volumeOf))
    const first = previous[0]
    if (visible === null || first === undefined) return
    // Positions count from the first candle: older ones in front move all others.
    const shift = candles.findIndex((candle) => candle.openTimeMs === first.openTimeMs)
    if (shift > 0) scale.setVisibleLogicalRange({ from: visible.from + shift, to: visible.to + shift })
  }
}

function barOf(candle: Candle): CandlestickData {
  return {
    time: timeOf(candle.openTimeMs),
    open: Number(candle.open),
    high: Number(candle.high),
    low: Number(candle.low),
    close: Number(candle.close),
  }
}

function lineOf({ openTimeMs, value, isLastOfDay }: VwapPoint): LineData {
  const point = { time: timeOf(openTimeMs), value }
  // The colour of a point is that of the line to the next one.
  return isLastOfDay ? { ...point, color: 'transparent' } : point
}

function volumeOf(candle: Candle): HistogramData {
  const isUp = Number(candle.close) >= Number(candle.open)
  return {
    time: timeOf(candle.openTimeMs),
    value: Number(candle.volume),
    color: isUp ? COLORS.upFaint : COLORS.downFaint,
  }
}

function markerOf(mark: CandleMark): SeriesMarker<Time> {
  const isSpike = mark.direction === 'SPIKE'
  return {
    time: timeOf(mark.openTimeMs),
    position: isSpike ? 'aboveBar' : 'belowBar',
    shape: isSpike ? 'arrowUp' : 'arrowDown',
    color: mark.severity === 'HIGH' ? COLORS.accent : COLORS.dim,
    size: mark.severity === 'HIGH' ? 1.2 : 0.8,
    ...(mark.text === undefined ? {} : { text: mark.text }),
  }
}

function chartOptions() {
  return {
    autoSize: true,
    layout: {
      background: { type: ColorType.Solid, color: COLORS.panel },
      textColor: COLORS.dim,
      fontFamily: "'JetBrains Mono Variable', monospace",
      fontSize: 11,
      attributionLogo: true,
      panes: { separatorColor: COLORS.line, separatorHoverColor: COLORS.line, enableResize: true },
    },
    grid: { vertLines: { color: COLORS.grid }, horzLines: { color: COLORS.grid } },
    crosshair: {
      mode: CrosshairMode.Normal,
      vertLine: { color: COLORS.dim, labelBackgroundColor: COLORS.raised },
      horzLine: { color: COLORS.dim, labelBackgroundColor: COLORS.raised },
    },
    rightPriceScale: { borderColor: COLORS.line },
    timeScale: { borderColor: COLORS.line, timeVisible: true, secondsVisible: false, rightOffset: RIGHT_MARGIN_COUNT },
  }
}
