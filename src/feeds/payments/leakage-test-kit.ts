/** How well one number alone tells frauds from ordinary payments: 0.5 not at all, 1 perfectly. */
export interface Separation {
  /** Area under the ROC curve of the number itself as a score, in whichever direction is better. */
  readonly rankAuc: number
  /** AUC of the best question "is it at least c?" (a stump of depth one): the mean of both hit rates. */
  readonly thresholdAuc: number
  /** AUC of the best question "is it c?"; 0.5 where no value is frequent enough to ask for. */
  readonly valueAuc: number
}

/** Tries every split there is. */
export function separationOf(frauds: readonly number[], others: readonly number[]): Separation {
  const rows = [...frauds.map((value) => ({ value, isFraud: 1 })), ...others.map((value) => ({ value, isFraud: 0 }))]
  rows.sort((a, b) => a.value - b.value)
  let fraudsBelow = 0
  let othersBelow = 0
  let pairs = 0
  let threshold = 0
  let equal = 0
  for (let from = 0; from < rows.length; ) {
    let fraudCount = 0
    let to = from
    for (; to < rows.length && rows[to]!.value === rows[from]!.value; to++) fraudCount += rows[to]!.isFraud
    const otherCount = to - from - fraudCount
    pairs += fraudCount * (othersBelow + otherCount / 2)
    equal = Math.max(equal, Math.abs(fraudCount / frauds.length - otherCount / others.length))
    fraudsBelow += fraudCount
    othersBelow += otherCount
    threshold = Math.max(threshold, Math.abs(fraudsBelow / frauds.length - othersBelow / others.length))
    from = to
  }
  const auc = pairs / (frauds.length * others.length)
  return { rankAuc: Math.max(auc, 1 - auc), thresholdAuc: 0.5 + threshold / 2, valueAuc: 0.5 + equal / 2 }
}
