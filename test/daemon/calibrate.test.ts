import { expect, test } from 'vitest';
import { calibrateSpeed } from '../../src/daemon/calibrate.js';

test('two calibrations agree, and others get their turn meanwhile', async () => {
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 1);
  const first = await calibrateSpeed();
  const second = await calibrateSpeed();
  clearInterval(timer);
  expect(first).toBeGreaterThan(500);
  expect(first / second).toBeGreaterThan(0.6);
  expect(first / second).toBeLessThan(1.7);
  expect(turns).toBeGreaterThan(10);
  expect(first % 100).toBe(0);
});
