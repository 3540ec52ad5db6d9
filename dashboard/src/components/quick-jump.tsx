import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { navigate } from '../app/navigation.ts'
import { ALERTS, MARKET, type Route, symbolRoute } from '../app/route.ts'
import { useValue } from '../app/use-value.ts'
import { ValueStore } from '../app/value-store.ts'
import { useMarketSummary } from '../rest/queries.ts'

const isOpen = new ValueStore(false)
const SHOWN_MAX_COUNT = 12

export function openQuickJump(): void {
  isOpen.set(true)
}

interface Target {
  readonly name: string
  readonly kind: 'symbol' | 'page'
  readonly to: Route
}

const PAGES: readonly Target[] = [
  { name: 'Market', kind: 'page', to: MARKET },
  { name: 'Alerts', kind: 'page', to: ALERTS },
]

/** Opened by `/` or Ctrl-K: type a symbol or a page, Enter goes there. */
export function QuickJump() {
  const isShown = useValue(isOpen)
  useEffect(() => {
    window.addEventListener('keydown', openOnShortcut)
    return () => window.removeEventListener('keydown', openOnShortcut)
  }, [])
  return isShown ? <JumpDialog /> : null
}

function openOnShortcut(event: globalThis.KeyboardEvent): void {
  const isTyping = event.target instanceof HTMLElement && event.target.matches('input, select, textarea')
  const isCommand = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k'
  const isSlash = event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey
  if (!isCommand && !isSlash) return
  event.preventDefault()
  isOpen.set(true)
}

/** Symbols that begin with the text come before those that hold it. */
function targetsFor(text: string, symbols: readonly string[]): Target[] {
  const wanted = text.trim().toLowerCase()
  const targets = [...symbols.map((name): Target => ({ name, kind: 'symbol', to: symbolRoute(name) })), ...PAGES]
  const rank = (target: Target) => target.name.toLowerCase().indexOf(wanted)
  return targets
    .filter((target) => rank(target) >= 0)
    .sort((a, b) => Math.sign(rank(a)) - Math.sign(rank(b)))
    .slice(0, SHOWN_MAX_COUNT)
}

function JumpDialog() {
  const dialog = useRef<HTMLDialogElement>(null)
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState(0)
  const symbols = useMarketSummary().data?.data.map((row) => row.symbol) ?? []
  const targets = targetsFor(text, symbols)
  const current = Math.min(chosen, targets.length - 1)
  useEffect(() => dialog.current?.showModal(), [])

  const close = () => isOpen.set(false)
  const go = (target: Target | undefined) => {
    if (target === undefined) return
    close()
    navigate(target.to)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0) {
      event.preventDefault()
      setChosen((current + step + targets.length) % Math.max(1, targets.length))
    }
    if (event.key === 'Enter') go(targets[current])
  }
  return (
    <dialog
      ref={dialog}
      onClose={close}
      // The backdrop belongs to the dialog: a press on it, and not on the content, closes.
      onPointerDown={(event) => event.target === dialog.current && close()}
      className="mx-auto mt-[12vh] w-[min(440px,calc(100vw-24px))] border border-[#2b384a] bg-panel p-0 text-text backdrop:bg-black/60"
      aria-label="Go to symbol or page"
    >
      <input
        className="h-11 w-full border-line border-b bg-transparent px-4 text-[15px] placeholder:text-dim"
        placeholder="Symbol or page"
        role="combobox"
        aria-expanded
        aria-controls="jump-targets"
        aria-activedescendant={targets.length > 0 ? `jump-${current}` : undefined}
        aria-label="Symbol or page"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setChosen(0)
        }}
        onKeyDown={onKeyDown}
      />
      <div id="jump-targets" role="listbox" aria-label="Targets" className="max-h-[50vh] overflow-y-auto py-1">
        {targets.map((target, index) => (
          <div
            key={`${target.kind} ${target.name}`}
            id={`jump-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === current}
            className="flex h-9 cursor-pointer items-center justify-between px-4 aria-selected:bg-raised"
            onPointerEnter={() => setChosen(index)}
            onClick={() => go(target)}
            onKeyDown={(event) => event.key === 'Enter' && go(target)}
          >
            <span className={target.kind === 'symbol' ? 'font-mono' : ''}>{target.name}</span>
            <span className="text-[11px] text-dim">{target.kind}</span>
          </div>
        ))}
        {targets.length === 0 && <p className="px-4 py-3 text-dim">No symbol or page holds “{text}”.</p>}
      </div>
    </dialog>
  )
}
