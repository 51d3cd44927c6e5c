import { expect, test } from 'vitest';
import { parseLoadavg } from '../../../src/core/proc/loadavg.js';
import { captureText, virtualMachine } from './fixtures.js';

test('loadavg: averages, running and all tasks', () => {
  expect(parseLoadavg(captureText(virtualMachine, 'proc/loadavg'))).toEqual({
    averages: [2.4, 4.16, 4],
    running: 5,
    tasks: 233,
  });
  expect(parseLoadavg('nonsense')).toBeNull();
});
