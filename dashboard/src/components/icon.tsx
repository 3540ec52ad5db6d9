const PATHS = {
  market: 'M3 13V8m5 5V3m5 10V6',
  alerts: 'M8 2.5a4 4 0 0 0-4 4c0 3-1.5 4.5-1.5 4.5h11S12 9.5 12 6.5a4 4 0 0 0-4-4ZM6.5 13.5a1.5 1.5 0 0 0 3 0',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10Zm3.6-1.4L14 14',
  up: 'm4 10 4-4 4 4',
  down: 'm4 6 4 4 4-4',
  right: 'm6 4 4 4-4 4',
  play: 'M5 3v10l8-5Z',
  pause: 'M5 3v10M11 3v10',
  back: 'm10 4-4 4 4 4',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" aria-hidden className="shrink-0">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth={1.5}
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
