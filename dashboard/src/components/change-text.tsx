interface ChangeTextProps {
  readonly text: string
  readonly value: number
}

/** A signed figure in the colour of its direction, with an arrow: never colour alone. */
export function ChangeText({ text, value }: ChangeTextProps) {
  const color = value > 0 ? 'text-up' : value < 0 ? 'text-down' : 'text-dim'
  return (
    <span className={`whitespace-nowrap ${color}`}>
      <svg width={7} height={7} viewBox="0 0 8 8" className="mr-1 inline-block align-[1px]" aria-hidden>
        {value !== 0 && <path d={value > 0 ? 'M4 1 8 7H0Z' : 'M4 7 0 1h8Z'} fill="currentColor" />}
      </svg>
      {text}
    </span>
  )
}
