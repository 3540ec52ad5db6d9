import { useState } from 'react'
import { formatMinute } from '../format/time.ts'
import { REPLAY_SPEEDS, type ReplayState, useReplay, useReplayChange } from '../rest/replay.ts'
import { Icon } from './icon.tsx'

/** Controls of a replayed recording; nothing where there is none. */
export function ReplayBar() {
  const { data: replay } = useReplay()
  return replay ? <ReplayControls replay={replay} /> : null
}

function ReplayControls({ replay }: { readonly replay: ReplayState }) {
  const change = useReplayChange()
  const isPlaying = replay.state === 'playing'
  return (
    <section
      className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-line border-b bg-panel px-3 py-1.5"
      aria-label="Replay"
    >
      <button
        type="button"
        className="field flex items-center gap-2 hover:bg-raised disabled:text-dim"
        disabled={replay.state === 'finished'}
        onClick={() => change.mutate({ state: isPlaying ? 'paused' : 'playing' })}
      >
        <Icon name={isPlaying ? 'pause' : 'play'} />
        {replay.state === 'finished' ? 'Finished' : isPlaying ? 'Pause' : 'Resume'}
      </button>
      <fieldset className="flex" aria-label="Speed">
        {REPLAY_SPEEDS.map((speed) => (
          <button
            key={speed}
            type="button"
            className="choice"
            aria-pressed={replay.speed === speed}
            onClick={() => change.mutate({ speed })}
          >
            {speed === 'max' ? 'Max' : `${speed}×`}
          </button>
        ))}
      </fieldset>
      <SeekBar replay={replay} onSeek={(atMs) => change.mutate({ atMs })} />
      {change.error && (
        <span className="text-down" role="alert">
          {change.error.message}
        </span>
      )}
    </section>
  )
}

/** Moves on release only: each seek makes the server begin a new epoch. */
function SeekBar({ replay, onSeek }: { readonly replay: ReplayState; readonly onSeek: (atMs: number) => void }) {
  const [draggedMs, setDraggedMs] = useState<number | undefined>()
  const shownMs = draggedMs ?? replay.atMs
  const seek = () => {
    if (draggedMs !== undefined) onSeek(draggedMs)
    setDraggedMs(undefined)
  }
  return (
    <>
      {replay.toMs !== null && (
        <input
          type="range"
          aria-label="Position in the recording"
          aria-valuetext={`${formatMinute(shownMs)} UTC`}
          className="min-w-32 flex-1 accent-accent"
          min={replay.fromMs}
          max={replay.toMs}
          step={1000}
          value={shownMs}
          onChange={(event) => setDraggedMs(Number(event.target.value))}
          onPointerUp={seek}
          onKeyUp={seek}
        />
      )}
      <span className="font-mono text-[12px]">{formatMinute(shownMs)} UTC</span>
    </>
  )
}
