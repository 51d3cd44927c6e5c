import { describe, expect, test } from 'vitest';
import { empty, type Straggler } from '../../../src/daemon/handlers/empty.js';
import type { MoveOutcome } from '../../../src/protocol/messages.js';

const moved = (job: string): MoveOutcome => ({
  moved: true,
  job,
  record: { from: 2, to: 1, why: 'asked', driver: 'criu', atMs: 0, frozenMs: 1, bytes: 1 },
});
const straggler = (job: string, isReady = true): Straggler => ({ job, where: 2, isReady, stuck: null });

describe('empty', () => {
  test('goes on until what was on its way when it began has gone, too', async () => {
    const there = new Map([
      ['1-1', straggler('1-1')],
      ['1-2', straggler('1-2', false)],
    ]);
    setTimeout(() => there.set('1-2', straggler('1-2')), 300);
    const move = (job: string): Promise<MoveOutcome> => {
      there.delete(job);
      return Promise.resolve(moved(job));
    };
    const outcomes = await empty({ list: () => [...there.values()], move, timeoutMs: 60_000 });
    expect(outcomes).toEqual([moved('1-1'), moved('1-2')]);
  });

  test('a job that refuses is tried again, at last named with its reason', async () => {
    let tries = 0;
    const move = (job: string): Promise<MoveOutcome> => {
      tries += 1;
      return Promise.resolve({ moved: false, job, where: 2, reason: `no, for the ${tries}th time` });
    };
    const outcomes = await empty({ list: () => [straggler('1-1')], move, timeoutMs: 60_000 });
    expect(outcomes).toEqual([{ moved: false, job: '1-1', where: 2, reason: 'no, for the 3th time' }]);
  });

  test('one that ends meanwhile is no failure', async () => {
    const there = [straggler('1-1')];
    const move = (job: string): Promise<MoveOutcome> => {
      there.pop();
      return Promise.resolve({ moved: false, job, where: 2, reason: 'it is over' });
    };
    expect(await empty({ list: () => there, move, timeoutMs: 60_000 })).toEqual([]);
  });

  test('when the time is over it answers, though a move goes on', async () => {
    const outcomes = await empty({
      list: () => [straggler('1-1')],
      move: () => new Promise(() => undefined),
      timeoutMs: 100,
    });
    expect(outcomes).toMatchObject([
      { moved: false, reason: expect.stringContaining('time given') as unknown },
    ]);
  });
});
