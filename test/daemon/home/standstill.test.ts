import { expect, it, onTestFinished, vi } from 'vitest';
import { watchStandstill } from '../../../src/daemon/home/standstill.js';
import { UnreachableError } from '../../../src/errors.js';

const never = new Promise<never>(() => undefined);

/** A target that answers nothing; the clock is ours. */
function watched(heard: () => number | null, bytes: () => number) {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const call = vi.fn(() => never);
  const standstill = watchStandstill({ node: 3, heard, call } as never, bytes);
  onTestFinished(() => standstill.stop());
  let outcome: unknown = 'goes on';
  standstill.race(never).catch((error: unknown) => (outcome = error));
  const after = async (seconds: number): Promise<unknown> => {
    await vi.advanceTimersByTimeAsync(seconds * 1_000);
    return outcome;
  };
  return { after, call, standstill };
}

it('a target that is silent while no byte gets through is given up after some ten seconds, and was asked before', async () => {
  const { after, call } = watched(
    () => 7,
    () => 100,
  );
  expect(await after(9)).toBe('goes on');
  expect(call).toHaveBeenCalledWith('node.report', {}, expect.anything());
  const outcome = await after(3);
  expect(outcome).toBeInstanceOf(UnreachableError);
  expect(outcome).toMatchObject({ message: 'node 3 was silent for 10 s while the job stood still' });
});

it.each([
  ['says something now and then', 9, 0],
  ['takes a byte now and then', 0, 9],
])('one that %s is slow, and is waited for', async (_what, everyHeard, everyByte) => {
  const start = Date.now();
  const growing = (every: number): number =>
    every === 0 ? 1 : Math.floor((Date.now() - start) / (every * 1_000));
  const { after } = watched(
    () => growing(everyHeard),
    () => growing(everyByte),
  );
  expect(await after(3_600)).toBe('goes on');
});

it('home itself is never silent, and after the restore nobody listens', async () => {
  expect(
    await watched(
      () => null,
      () => 0,
    ).after(60),
  ).toBe('goes on');
  const { after, standstill } = watched(
    () => 7,
    () => 0,
  );
  await after(5);
  standstill.stop();
  expect(await after(60)).toBe('goes on');
});

it('a home that was itself asleep for a minute does not blame the target', async () => {
  const { after } = watched(
    () => 7,
    () => 0,
  );
  await after(1);
  vi.setSystemTime(Date.now() + 60_000);
  expect(await after(2)).toBe('goes on');
});
