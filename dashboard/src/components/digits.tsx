import { useLayoutEffect, useRef, useState } from 'react'
import { unchangedPrefixLength } from '../format/number.ts'

const FLASH_MS = 300
const FLASH_UP = '#2ebd8555'
const FLASH_DOWN = '#f6465d55'

interface DigitsProps {
  /** As shown, grouped. */
  readonly text: string
  /** Tells which way a change went. */
  readonly value: number
  /** Invisible digits after the text, so that points stand in one line down a column. */
  readonly padCount?: number
}

/** A figure that shows its change: it flashes up or down once, and the digits that stayed are dim. */
export function Digits({ text, value, padCount = 0 }: DigitsProps) {
  const element = useRef<HTMLSpanElement>(null)
  const [shown, setShown] = useState({ text, value, stableLength: 0 })
  if (shown.text !== text) setShown({ text, value, stableLength: unchangedPrefixLength(shown.text, text) })
  const before = useRef({ text, value })

  useLayoutEffect(() => {
    const previous = before.current
    before.current = { text, value }
    if (previous.text === text || previous.value === value) return
    if (window.matchMedia('(prefers-reduced-motion: reduce)').matches) return
    const backgroundColor = value > previous.value ? FLASH_UP : FLASH_DOWN
    element.current?.animate([{ backgroundColor }, { backgroundColor: 'transparent' }], FLASH_MS)
  }, [text, value])

  return (
    <span ref={element} className="-mx-1 rounded-xs px-1">
      <span className="text-dim">{text.slice(0, shown.stableLength)}</span>
      {text.slice(shown.stableLength)}
      {padCount > 0 && <span aria-hidden>{'\u00a0'.repeat(padCount)}</span>}
    </span>
  )
}
