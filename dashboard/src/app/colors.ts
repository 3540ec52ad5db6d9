/** The colours of styles.css, for what is drawn on a canvas. */
export const COLORS = {
  panel: '#10151d',
  raised: '#1d2633',
  line: '#1d2633',
  grid: '#161d28',
  dim: '#7d8ba1',
  accent: '#ffb000',
  up: '#2ebd85',
  down: '#f6465d',
  upFaint: '#2ebd8580',
  downFaint: '#f6465d80',
  information: '#4ea1ff',
} as const
