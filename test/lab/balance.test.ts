import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../fixtures/lab/lab.js';
import { bash, jobs, mayUseLab, startCluster, until } from './cluster.js';

/** Is busy until it is told to end: as long as a test needs it, on a machine of any speed. */
const burn = `python3 -c '
import signal
on=True
def end(*_):
    global on
    on=False
signal.signal(signal.SIGTERM,end)
while on: pass
print("done")'`;
const waits = `sh -c 'trap "hostname; exit" TERM; while :; do sleep 0.1; done'`;

const times = (count: number, command: string): string =>
  `for i in $(seq ${count}); do ${command} & done; wait`;
const onNode = (n: number, command: string): string =>
  n === 1 ? command : `for p in ~/.local/share/moskit/*/moskit.mjs; do node $p ${command}; done`;

describe.runIf(await mayUseLab())('balancing', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startCluster('balance', 4, [40]);
  });
  afterAll(() => lab.down());

  const allRun = (count: number): Promise<void> =>
    until(`${count} jobs run`, async () => {
      const all = await jobs(lab);
      return all.length === count && all.every(({ state }) => state === 'running');
    });
  const endAll = async (): Promise<void> => {
    const pids = (await jobs(lab)).map(({ pid }) => String(pid));
    await lab.exec(1, ['kill', ...pids]);
  };

  it('spreads a burst of jobs over equal nodes', async () => {
    const running = bash(lab, times(8, `mosrun ${burn}`));
    await allRun(8);
    const counts = new Map<number, number>();
    for (const { where } of await jobs(lab)) counts.set(where, (counts.get(where) ?? 0) + 1);
    await endAll();
    const { stdout } = await running;
    expect(stdout.trim().split('\n')).toEqual(Array(8).fill('done'));
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(3);
    // node 1 is busy starting them all, so it may get none
    expect(counts.size).toBeGreaterThanOrEqual(3);
  });

  it('moves jobs that were forced onto one node, and says why', async () => {
    const running = bash(lab, times(4, `mosrun 1 ${burn}`));
    await until('some have moved', async () => (await jobs(lab)).some(({ nmigs }) => nmigs > 0));
    const { stdout: told } = await bash(lab, 'mps -a --json');
    await endAll();
    const { stdout } = await running;
    expect(stdout).toBe('done\n'.repeat(4));
    expect(told).toMatch(/balance the load/);
  });

  it('leaves a locked job alone, and explains what it would do without doing it', async () => {
    const running = bash(lab, times(2, `mosrun -L 1 ${burn}`));
    await allRun(2);
    await until('it is explained', async () => {
      const { stdout } = await bash(lab, 'mosctl rebalance --dry-run');
      return /lock/.test(stdout);
    });
    const { code } = await bash(lab, 'mosctl rebalance');
    expect(code).toBe(0);
    expect(await jobs(lab)).toMatchObject(Array(2).fill({ where: 1, nmigs: 0 }));
    await endAll();
    await running;
  });

  it('expel sends guests home and sets block; bring fetches all home and sets lstay', async () => {
    const running = bash(lab, `mosrun 2 ${waits} & mosrun 3 ${waits} & wait`);
    await allRun(2);
    const expelled = await lab.exec(2, onNode(2, 'mosctl expel'), { timeoutMs: 90_000 });
    expect(expelled).toMatchObject({ code: 0 });
    expect((await jobs(lab)).map(({ where }) => where).sort()).toEqual([1, 3]);
    const refused = await bash(lab, 'mosrun 2 true');
    expect(refused).toMatchObject({ code: 125, stdout: '' });
    expect(refused.stderr).toMatch(/block is set on node 2/);
    expect((await bash(lab, 'mosrun -j 2-3 hostname')).stdout).toBe('n3\n');

    const brought = await lab.exec(1, ['mosctl', 'bring', '--timeout', '60'], { timeoutMs: 90_000 });
    expect(brought).toMatchObject({ code: 0 });
    expect((await jobs(lab)).map(({ where }) => where)).toEqual([1, 1]);
    expect((await lab.exec(1, ['mosctl', 'status', '--json'])).stdout).toMatch(/"lstay":true/);
    await endAll();
    expect((await running).stdout).toBe('n1\nn1\n');
    await lab.exec(1, ['mosctl', 'nolstay']);
    await lab.exec(2, onNode(2, 'mosctl noblock'));
  });
});
