import { type RefObject, useEffect, useState } from 'react'

const MARGIN_COUNT = 8

/** Which rows of a scrolled list of equal rows are on screen, with a margin: `[first, end)`. */
export function useRowWindow(
  scroller: RefObject<HTMLElement | null>,
  count: number,
  rowHeightPx: number,
): { readonly first: number; readonly end: number } {
  const [view, setView] = useState({ topRow: 0, rowCount: 40 })
  useEffect(() => {
    const element = scroller.current
    if (element === null) return
    const measure = () => {
      const topRow = Math.floor(element.scrollTop / rowHeightPx)
      const rowCount = Math.ceil(element.clientHeight / rowHeightPx) + 1
      setView((old) => (old.topRow === topRow && old.rowCount === rowCount ? old : { topRow, rowCount }))
    }
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    element.addEventListener('scroll', measure, { passive: true })
    measure()
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', measure)
    }
  }, [scroller, rowHeightPx])
  return {
    first: Math.max(0, Math.min(view.topRow, count - 1) - MARGIN_COUNT),
    end: Math.min(count, view.topRow + view.rowCount + MARGIN_COUNT),
  }
}
