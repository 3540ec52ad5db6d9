import { FinPulseError } from '../../base/errors.ts'
import { injectBody, marketLabelSchema, noQuery } from '../../protocol/rest.ts'
import type { SimulatorControl } from '../engine-view.ts'
import { API_PREFIX, PROBLEMS_WITH_404, type RouteContext } from './route-context.ts'

export function addSimulatorRoutes({ app, engine }: RouteContext): void {
  const simulator = (): SimulatorControl => {
    if (engine.simulator !== undefined) return engine.simulator
    throw new FinPulseError('not-found', 'simulator: the market of this engine is not simulated')
  }

  const schema = {
    summary: 'Let something go wrong in the simulated market, beginning with its next event',
    description:
      'Answers with the label that the stretch will have: `labels` is the topic that it comes on, at its end.',
    tags: ['simulator'],
    querystring: noQuery,
    body: injectBody,
    response: { 200: marketLabelSchema, ...PROBLEMS_WITH_404 },
  }
  app.post(`${API_PREFIX}/simulator/inject`, { schema }, async (request) => simulator().inject(request.body))
}
