import { expect, test } from 'vitest';
import { repository } from '../commands/run-tool.js';
import { soak } from './soak/soak.js';

test('jobs end once and as they should while nodes block, expel and die, and nothing is left over', async () => {
  const options = {
    seed: 1,
    nodes: 4,
    jobs: 24,
    events: 16,
    minutes: 0,
    atOnce: 12,
    mostTicks: 18,
    repository,
  };
  const { wrong, jobs, lost, doubled, events, descriptors } = await soak(options);
  expect(wrong).toEqual([]);
  expect({ jobs, lost, doubled }).toEqual({ jobs: 24, lost: 0, doubled: 0 });
  expect(descriptors.after).toBeLessThanOrEqual(descriptors.before);
  expect(Object.values(events).reduce((sum, { asked }) => sum + asked, 0)).toBeGreaterThanOrEqual(16);
});
