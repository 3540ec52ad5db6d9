import { API_PREFIX, type App, PROBLEMS } from '../rest/route-context.ts'
import { type ChaosOrder, chaosBody, chaosEndQuery, chaosOrderFrom, chaosResponse } from './chaos-order.ts'
import type { VenueChaos } from './venue-chaos.ts'

const PATH = `${API_PREFIX}/venue/chaos`
const tags = ['venue']
const response = { 200: chaosResponse, ...PROBLEMS }

/** @param begin does what is done at once, besides noting the order */
export function addChaosRoutes(app: App, chaos: VenueChaos, begin: (order: ChaosOrder) => void): void {
  const state = async () => ({ data: chaos.states() })

  app.get(
    PATH,
    { schema: { summary: 'What is done to clients of the venue facade on purpose', tags, response } },
    state,
  )

  app.post(
    PATH,
    {
      schema: {
        summary: 'Misbehave on purpose towards clients of the venue facade',
        description:
          'Lasts for `durationMs` or until it was done `count` times; without either it is done once. A kind that runs ' +
          'already begins anew. `delayMs`: of `slow` the delay of each answer and message, of `cut` the time between ' +
          'two, of `server-shutdown` the time from the announcement to the end of the connections.',
        tags,
        body: chaosBody,
        response,
      },
    },
    async (request) => {
      begin(chaosOrderFrom(request.body))
      return state()
    },
  )

  app.delete(
    PATH,
    { schema: { summary: 'End one kind of chaos, or all', tags, querystring: chaosEndQuery, response } },
    async (request) => {
      chaos.end(request.query.kind)
      return state()
    },
  )
}
