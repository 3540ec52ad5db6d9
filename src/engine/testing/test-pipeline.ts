import { systemClock } from '../../base/clock.ts'
import { silentLogger } from '../../base/logger.ts'
import { decodeRecords } from '../../events/json.ts'
import type { Topic } from '../../events/topic.ts'
import type { EventLog } from '../../log/event-log.ts'
import { Pipeline, type PipelineOptions } from '../pipeline.ts'

/** The pipeline as it is set up for one partition, with nothing forgotten. */
export function testPipeline(given: Pick<PipelineOptions, 'log' | 'openFeed' | 'onFailure'>): Pipeline {
  return new Pipeline({
    clock: systemClock,
    logger: silentLogger,
    partitionCount: 1,
    processing: {},
    snapshotEveryMs: 1000,
    retentionMs: 1e9,
    retentionMaxBytes: 1e9,
    ...given,
  })
}

/** All records of the first partition of a topic of JSON. */
export async function recordsOf<R>(log: EventLog, topic: Topic): Promise<R[]> {
  const batches = await log.read(topic, 0, 0, 1e9)
  return batches.flatMap(({ payload }) => decodeRecords<R>(payload))
}
