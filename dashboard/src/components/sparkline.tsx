interface SparklineProps {
  readonly values: readonly number[]
  readonly width: number
  readonly height: number
}

/** The last hour as a line; its colour and the figure beside it say the direction. */
export function Sparkline({ values, width, height }: SparklineProps) {
  if (values.length < 2) return <svg width={width} height={height} aria-hidden />
  const lowest = Math.min(...values)
  const span = Math.max(...values) - lowest || 1
  const points = values.map((value, index) => {
    const x = (index / (values.length - 1)) * (width - 4) + 1
    const y = height - 2 - ((value - lowest) / span) * (height - 4)
    return `${x.toFixed(1)},${y.toFixed(1)}`
  })
  const isUp = values.at(-1)! >= values[0]!
  const [endX = '0', endY = '0'] = points.at(-1)!.split(',')
  return (
    <svg width={width} height={height} className={`inline-block ${isUp ? 'text-up' : 'text-down'}`} aria-hidden>
      <polygon points={`1,${height} ${points.join(' ')} ${endX},${height}`} fill="currentColor" opacity={0.1} />
      <polyline points={points.join(' ')} fill="none" stroke="currentColor" strokeWidth={1.2} strokeLinejoin="round" />
      <circle cx={endX} cy={endY} r={1.8} fill="currentColor" />
    </svg>
  )
}
