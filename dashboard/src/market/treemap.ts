export interface Tile<Item> {
  readonly item: Item
  /** In percent of the whole. */
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

interface Weighted<Item> {
  readonly item: Item
  readonly area: number
}

/**
 * Squarified treemap (Bruls, Huizing, van Wijk 2000): tiles as square as they get, areas in proportion to the weights.
 * @param items largest first, weights above 0
 * @param aspect width / height of the whole
 */
export function treemap<Item>(items: readonly Item[], weightOf: (item: Item) => number, aspect: number): Tile<Item>[] {
  const total = items.reduce((sum, item) => sum + weightOf(item), 0)
  const tiles: Tile<Item>[] = []
  // Laid out in a space of `aspect` × 1, so that squares are squares on screen.
  const free = { left: 0, top: 0, width: aspect, height: 1 }
  let rest = items.map((item): Weighted<Item> => ({ item, area: (weightOf(item) / total) * aspect }))
  while (rest.length > 0) {
    const side = Math.min(free.width, free.height)
    let count = 1
    while (
      count < rest.length &&
      worstRatio(rest.slice(0, count + 1), side) <= worstRatio(rest.slice(0, count), side)
    ) {
      count += 1
    }
    const row = rest.slice(0, count)
    rest = rest.slice(count)
    const thickness = row.reduce((sum, { area }) => sum + area, 0) / side
    const isColumn = free.width >= free.height
    let along = 0
    for (const { item, area } of row) {
      const length = area / thickness
      const box = isColumn
        ? { left: free.left, top: free.top + along, width: thickness, height: length }
        : { left: free.left + along, top: free.top, width: length, height: thickness }
      tiles.push({
        item,
        left: (box.left / aspect) * 100,
        top: box.top * 100,
        width: (box.width / aspect) * 100,
        height: box.height * 100,
      })
      along += length
    }
    if (isColumn) {
      free.left += thickness
      free.width -= thickness
    } else {
      free.top += thickness
      free.height -= thickness
    }
  }
  return tiles
}

function worstRatio(row: readonly { readonly area: number }[], side: number): number {
  const areas = row.map(({ area }) => area)
  const sum = areas.reduce((a, b) => a + b, 0)
  return Math.max((side ** 2 * Math.max(...areas)) / sum ** 2, sum ** 2 / (side ** 2 * Math.min(...areas)))
}
