import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gapsResponse, problemSchema } from '../../protocol/rest.ts'
import { alertOf, gapOf, tradeOf } from '../testing/sample-events.ts'
import { NOW_MS, startTestServer, type TestServer } from '../testing/test-server.ts'

const GAPS = [
  gapOf('AAPL', 5, NOW_MS - 2000),
  gapOf('BRK/B', 8, NOW_MS - 1000),
  gapOf('AAPL', 5, NOW_MS - 500, 'processor'),
  gapOf('AAPL', 50, NOW_MS - 500),
]

describe('GET /api/v1/gaps', () => {
  let test: TestServer
  beforeAll(async () => {
    test = await startTestServer()
    const { rows } = test.store
    rows.trades.push(tradeOf('AAPL', 1, '100.00'), tradeOf('BRK/B', 1, '400.00'))
    rows.alerts.push(alertOf('AAPL', NOW_MS - 1), alertOf('AAPL', NOW_MS))
    rows.gaps.push(...GAPS)
  })
  afterAll(() => test[Symbol.asyncDispose]())

  const ask = (path: string) => fetch(`${test.server.url}/api/v1/${path}`)

  async function read(path: string) {
    const body: unknown = await (await ask(path)).json()
    const answer = gapsResponse.parse(body)
    expect(answer).toEqual(body)
    return answer
  }

  it('lists gaps as they are, newest first, with who found them', async () => {
    expect(await read('gaps')).toEqual({ data: GAPS.toReversed(), nextCursor: null })
  })

  it('lists those of a symbol, in any case', async () => {
    expect((await read('gaps?symbol=brk%2Fb')).data).toEqual([GAPS[1]])
  })

  it('gives each once, page by page', async () => {
    const ids: unknown[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const suffix: string = cursor === '' ? '' : `&cursor=${cursor}`
      const page = await read(`gaps?symbol=AAPL&limit=1${suffix}`)
      ids.push(...page.data.map(({ fromId, foundBy }) => `${fromId} ${foundBy}`))
      cursor = page.nextCursor
    }
    expect(ids).toEqual(['50 feed', '5 processor', '5 feed'])
  })

  it('refuses the cursor of another listing', async () => {
    const { nextCursor } = (await (await ask('alerts?limit=1')).json()) as { nextCursor: string }
    const answer = await ask(`gaps?cursor=${nextCursor}`)
    expect(answer.status).toBe(400)
    expect(problemSchema.parse(await answer.json())).toMatchObject({ code: 'request-invalid', parameter: 'cursor' })
  })
})
