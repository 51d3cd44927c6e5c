import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../fixtures/lab/lab.js';
import { bash, jobs, mayUseLab, startCluster, until } from './cluster.js';

const burn = `python3 -c 'import time
while time.process_time()<3: pass
print("done")'`;

describe.runIf(await mayUseLab())('balancing', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startCluster('balance', 4, [30]);
  });
  afterAll(() => lab.down());

  it('spreads a burst of jobs over equal nodes', async () => {
    const running = bash(lab, `for i in 1 2 3 4 5 6 7 8; do mosrun ${burn} & done; wait`);
    await until('all have started', async () => {
      const all = await jobs(lab);
      return all.length === 8 && all.every(({ state }) => state !== 'starting');
    });
    const counts = new Map<number, number>();
    for (const { where } of await jobs(lab)) counts.set(where, (counts.get(where) ?? 0) + 1);
    const { stdout } = await running;
    expect(stdout.trim().split('\n')).toHaveLength(8);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(3);
    // node 1 is busy starting them all, so it may get none
    expect(counts.size).toBeGreaterThanOrEqual(3);
  });

  it('moves jobs that were forced onto one node, and says why', async () => {
    const running = bash(lab, `for i in 1 2 3 4; do mosrun 1 ${burn} & done; wait; mps -a --json`);
    await until('some have moved', async () => (await jobs(lab)).some(({ nmigs }) => nmigs > 0));
    const { stdout } = await running;
    expect(stdout.match(/^done$/gm)).toHaveLength(4);
    expect(stdout).toMatch(/balance the load/);
  });

  it('leaves a locked job alone, and explains what it would do without doing it', async () => {
    const script = `mosrun -L 1 ${burn} & sleep 4; mosctl rebalance --dry-run; wait; mps -a --json | grep -o '"nmigs":[0-9]*' | tail -1`;
    const { stdout } = await bash(lab, script);
    expect(stdout).toMatch(/lock/);
    expect(stdout).toMatch(/"nmigs":0\s*$/);
  });

  it('bring fetches all home and sets lstay; expel sends guests home and sets block', async () => {
    const running = bash(
      lab,
      `mosrun 2 sh -c 'sleep 8; hostname' & mosrun 3 sh -c 'sleep 8; hostname' & wait`,
    );
    await until('both run', async () => {
      const all = await jobs(lab);
      return all.length === 2 && all.every(({ state }) => state === 'running');
    });
    const brought = await lab.exec(1, ['mosctl', 'bring', '--timeout', '60'], { timeoutMs: 90_000 });
    const where = (await jobs(lab)).map((job) => job.where);
    await running;
    expect(brought.code).toBe(0);
    expect(where).toEqual([1, 1]);
    expect((await lab.exec(1, ['mosctl', 'status', '--json'])).stdout).toMatch(/"lstay":true/);
    await lab.exec(1, ['mosctl', 'nolstay']);
  });
});
