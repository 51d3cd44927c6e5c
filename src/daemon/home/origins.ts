import { protectionOf } from '../../core/job-spec.js';
import type { HomeJob } from './job.js';
import type { Origin } from './fill.js';

/** What a stranded job may go on from by its own rule, the best first. */
export function originsOf(job: HomeJob): readonly Origin[] {
  const { onNodeLoss } = protectionOf(job.record.spec);
  const images = job.images.map((image): Origin => ({ kind: 'image', image }));
  if (onNodeLoss === 'restart') return [{ kind: 'start' }];
  return onNodeLoss === 'recover' ? [...images, { kind: 'start' }] : images;
}
