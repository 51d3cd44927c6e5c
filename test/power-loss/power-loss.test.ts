import { expect, test } from 'vitest';
import { powerLoss } from './power-loss.js';

const stride = Number(process.env['MOSKIT_POWER_STRIDE'] ?? 5);

test('whatever byte or step the power goes out at, files hold the old, the new, or are damaged and kept', async () => {
  const started = Date.now();
  const { points, wrong } = await powerLoss({ stride });
  console.log(`${points} points in ${Date.now() - started} ms`);
  expect(wrong.slice(0, 20)).toEqual([]);
  expect(points).toBeGreaterThan(15_000 / stride);
});
