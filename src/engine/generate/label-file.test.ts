import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { removeTempDirectories, tempDirectory } from '../../../tests/support/temp-directory.ts'
import type { Label } from '../../events/label.ts'
import { LabelFile } from './label-file.ts'

afterEach(removeTempDirectories)

const label = (id: number) => ({ type: 'label', id: String(id) }) as unknown as Label
const idsOf = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Number((JSON.parse(line) as { id: string }).id))

it('has the labels of the events that were taken, wherever that ends', async () => {
  for (const [takenAtEnd, expected] of [
    [0, []],
    [99, []],
    [100, [1, 2]],
    [300, [1, 2]],
    [400, [1, 2, 3]],
    [512, [1, 2, 3, 4]],
  ] as const) {
    const path = join(tempDirectory(), 'labels.ndjson')
    const file = await LabelFile.open(path)
    await file.write([label(1), label(2)], 100, 0)
    await file.write([], 200, 50)
    await file.write([label(3)], 400, Math.min(200, takenAtEnd))
    await file.write([label(4)], 512, Math.min(200, takenAtEnd))
    await file.end(takenAtEnd)
    expect(idsOf(path), String(takenAtEnd)).toEqual(expected)
  }
})

it('leaves a file that was there as it was until there is something to write', async () => {
  const path = join(tempDirectory(), 'labels.ndjson')
  writeFileSync(path, '{"id":"9"}\n'.repeat(3))
  const file = await LabelFile.open(path)
  expect(idsOf(path)).toEqual([9, 9, 9])
  await file.write([label(1)], 1, 0)
  await file.end(1)
  expect(idsOf(path)).toEqual([1])
})
