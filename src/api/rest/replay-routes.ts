import { FinPulseError } from '../../base/errors.ts'
import { noQuery, replayStateSchema, seekBody, speedBody } from '../../protocol/rest.ts'
import type { ReplayControl } from '../engine-view.ts'
import { API_PREFIX, PROBLEMS_WITH_404, type RouteContext } from './route-context.ts'

const PATH = `${API_PREFIX}/replay`
const tags = ['replay']
const response = { 200: replayStateSchema, ...PROBLEMS_WITH_404 }

export function addReplayRoutes({ app, engine }: RouteContext): void {
  const replay = (): ReplayControl => {
    if (engine.replay !== undefined) return engine.replay
    throw new FinPulseError('not-found', 'replay: none is running; start one with finpulse replay FILE --serve')
  }
  const schema = (summary: string) => ({ summary, tags, querystring: noQuery, response })

  app.get(PATH, { schema: schema('State of the replay that feeds this engine') }, async () => replay().state())

  app.post(`${PATH}/pause`, { schema: schema('Hold the replay') }, async () => {
    await replay().pause()
    return replay().state()
  })

  app.post(`${PATH}/resume`, { schema: schema('Let the replay go on') }, async () => {
    await replay().resume()
    return replay().state()
  })

  const seekSchema = { ...schema('Move the replay to an event time; clients are told to start over'), body: seekBody }
  app.post(`${PATH}/seek`, { schema: seekSchema }, async (request) => {
    await replay().seek(request.body.timeMs)
    return replay().state()
  })

  app.post(`${PATH}/speed`, { schema: { ...schema('Set the speed'), body: speedBody } }, async (request) => {
    await replay().setSpeed(request.body.speed)
    return replay().state()
  })
}
