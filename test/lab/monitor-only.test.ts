import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../fixtures/lab/lab.js';
import { bash, mayUseLab, startCluster, until } from './cluster.js';

interface Seen {
  readonly node: number;
  readonly state: string;
  readonly problem?: string;
  readonly ageMs: number | null;
  readonly report: { readonly load: number; readonly mem: number; readonly tmem: number } | null;
}

describe.runIf(await mayUseLab())('a node without Node.js', () => {
  let lab: Lab;
  const seen = async (): Promise<Seen> => {
    const { stdout } = await lab.exec(1, ['mosmon', '--json']);
    const { nodes } = JSON.parse(stdout) as { readonly nodes: readonly Seen[] };
    return nodes.find(({ node }) => node === 2)!;
  };
  const isWatched = async (): Promise<boolean> => {
    const { state, report, ageMs } = await seen();
    return state === 'monitor-only' && report !== null && ageMs !== null && ageMs < 3_000;
  };

  beforeAll(async () => {
    lab = await startCluster('plain', 2);
    await lab.exec(1, ['moskit', 'stop']);
    await lab.exec(
      2,
      'mv /usr/bin/node /usr/bin/hidden; kill -9 $(cat ~/.local/state/moskit/n2/run/mosd.pid)',
    );
    await until('it is watched', isWatched);
  });
  afterAll(() => lab.down());

  it('is up and says so: monitor only, and why', async () => {
    expect((await seen()).problem).toMatch(/there is no Node\.js on it/);
    expect((await bash(lab, 'mosmon --once')).stdout).toMatch(/monitor.only/);
  });

  it('shows its memory, and its load as it comes and goes', async () => {
    const { report } = await seen();
    expect((await bash(lab, 'mosctl getmem 2')).stdout).toMatch(/[1-9]/);
    expect(report!.mem).toBeGreaterThan(0);
    expect(report!.mem).toBeLessThan(report!.tmem);
    const load = async (): Promise<number> => (await seen()).report?.load ?? 0;
    const { stdout: pid } = await lab.exec(2, 'sh -c "while :; do :; done" >/dev/null 2>&1 & echo $!');
    await until('its load rises', async () => (await load()) >= 50);
    await lab.exec(2, ['kill', pid.trim()]);
    await until('its load falls', async () => (await load()) < 20);
  });

  it('is watched on however often the tools ask anew', async () => {
    const asked = Array.from({ length: 6 }, () => 'mosctl getload 2; mosctl rebalance --dry-run; sleep 0.2');
    await bash(lab, asked.join('; '));
    await until('it is watched', isWatched, 15_000);
  });

  it('gets no job by itself', async () => {
    const { stdout } = await bash(lab, 'for i in 1 2 3 4 5; do mosrun hostname & done; wait');
    expect(stdout).toBe('n1\n'.repeat(5));
  });

  it('refuses one that is sent there, and says why', async () => {
    const { code, stderr } = await bash(lab, 'mosrun 2 true');
    expect(code).toBe(125);
    expect(stderr).toMatch(/monitor only.*there is no Node\.js on it/);
    const moved = await bash(
      lab,
      'mosrun 1 sleep 60 & pid=$!; until mps --json | grep -q running; do sleep 0.1; done; migrate $pid 2; echo "code $?"; kill $pid; wait $pid',
    );
    expect(moved.stdout).toBe('code 4\n');
    expect(moved.stderr).toMatch(/monitor|Node\.js/);
  });

  it('takes jobs as soon as it has one', async () => {
    await lab.exec(2, 'mv /usr/bin/hidden /usr/bin/node');
    await until('it is up', async () => (await bash(lab, 'mosrun 2 hostname')).stdout === 'n2\n', 30_000);
    expect(await seen()).toMatchObject({ state: 'up' });
  });
});
