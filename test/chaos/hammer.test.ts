import { expect, test } from 'vitest';
import { repository } from '../commands/run-tool.js';
import { hammer } from './hammer/hammer.js';

test('fifty tools at once are all answered, and no change that was answered is lost, kill -9 or not', async () => {
  const { wrong, tools, changes, descriptors } = await hammer({ repository, rounds: 1 });
  expect(wrong).toEqual([]);
  expect({ tools, changes }).toEqual({ tools: 100, changes: 204 });
  expect(descriptors.after).toBeLessThanOrEqual(descriptors.before);
});
