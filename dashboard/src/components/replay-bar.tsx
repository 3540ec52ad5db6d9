import { useState } from 'react'
import type { ReplayState } from '../../../src/protocol/rest.ts'
import { UNKNOWN } from '../format/number.ts'
import { formatMinute } from '../format/time.ts'
import { useStats } from '../rest/queries.ts'
import { REPLAY_SPEEDS, useReplay, useReplayCommand } from '../rest/replay.ts'
import { Icon } from './icon.tsx'

/** Controls of a replayed recording; nothing where there is none. */
export function ReplayBar() {
  const { data: stats } = useStats()
  const { data: replay } = useReplay(stats?.feed === 'replay')
  return replay ? <ReplayControls replay={replay} /> : null
}

function ReplayControls({ replay }: { readonly replay: ReplayState }) {
  const command = useReplayCommand()
  const isPlaying = replay.status === 'playing'
  return (
    <section
      className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-line border-b bg-panel px-3 py-1.5"
      aria-label="Replay"
    >
      <button
        type="button"
        className="field flex items-center gap-2 hover:bg-raised disabled:text-dim"
        disabled={replay.status === 'finished'}
        onClick={() => command.mutate({ name: isPlaying ? 'pause' : 'resume' })}
      >
        <Icon name={isPlaying ? 'pause' : 'play'} />
        {replay.status === 'finished' ? 'Finished' : isPlaying ? 'Pause' : 'Resume'}
      </button>
      <fieldset className="flex" aria-label="Speed">
        {REPLAY_SPEEDS.map((speed) => (
          <button
            key={speed}
            type="button"
            className="choice"
            aria-pressed={replay.speed === speed}
            onClick={() => command.mutate({ name: 'speed', body: { speed } })}
          >
            {speed === 0 ? 'Max' : `${speed}×`}
          </button>
        ))}
      </fieldset>
      <SeekBar replay={replay} onSeek={(timeMs) => command.mutate({ name: 'seek', body: { timeMs } })} />
      {command.error && (
        <span className="text-down" role="alert">
          {command.error.message}
        </span>
      )}
    </section>
  )
}

/** Moves on release only: each seek makes the server begin a new epoch. */
function SeekBar({ replay, onSeek }: { readonly replay: ReplayState; readonly onSeek: (timeMs: number) => void }) {
  const [draggedMs, setDraggedMs] = useState<number | undefined>()
  const { fromMs, toMs } = replay
  const shownMs = draggedMs ?? replay.atMs ?? fromMs
  const time = shownMs === null ? UNKNOWN : `${formatMinute(shownMs)} UTC`
  const seek = () => {
    if (draggedMs !== undefined) onSeek(draggedMs)
    setDraggedMs(undefined)
  }
  return (
    <>
      {fromMs !== null && toMs !== null && (
        <input
          type="range"
          aria-label="Position in the recording"
          aria-valuetext={time}
          className="min-w-32 flex-1 accent-accent"
          min={fromMs}
          max={toMs}
          step={1000}
          value={shownMs ?? fromMs}
          onChange={(event) => setDraggedMs(Number(event.target.value))}
          onPointerUp={seek}
          onKeyUp={seek}
          onBlur={seek}
        />
      )}
      <span className="font-mono text-[12px]">{time}</span>
    </>
  )
}
