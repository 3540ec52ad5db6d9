/** Does something to every item, a few at a time: programs that are started together wait for the same two cores. */
export async function inGroups<T>(items: readonly T[], task: (item: T) => Promise<void>, atOnce = 3): Promise<void> {
  const rest = [...items]
  const work = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await task(item)
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}
