import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedCluster, type EmbeddedCluster } from '../../fixtures/embedded/cluster.js';
import type { ClusterMap } from '../../src/core/cluster-map.js';
import { runTool, type ToolRun } from './run-tool.js';

describe('setpe --push and mosctl doctor', () => {
  let cluster: EmbeddedCluster;
  beforeAll(async () => {
    cluster = await startEmbeddedCluster({ nodes: 3, env: { MOSKIT_SHARED_MACHINE: '1' } });
  });
  afterAll(() => cluster.stop());

  const on = (n: number, line: string, stdin = ''): Promise<ToolRun> =>
    runTool(line.split(' '), { env: cluster.node(n).env, stdin });
  const map = (count = 3): string =>
    cluster.nodes
      .slice(0, count)
      .map(({ n, name }) => `${n} ${name} 1\n`)
      .join('');
  const heldBy = (n: number): ClusterMap =>
    JSON.parse(readFileSync(join(cluster.node(n).home, '.moskit', 'hpc.json'), 'utf8')) as ClusterMap;
  const blocking = (text: string): readonly string[] =>
    text.split('\n').filter((line) => /error:/.test(line));

  it('without a map there is nothing to push or examine', async () => {
    for (const line of ['setpe --push', 'setpe --check', 'mosctl doctor']) {
      expect(await on(1, line)).toMatchObject({ code: 1, stdout: '' });
    }
  });

  it('pushes the map to all, each with its own number, and sees that they hold it', async () => {
    const { code, stdout, stderr } = await on(1, 'setpe -w --push -g 1 --node 1', map());
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^This is openMosix #1 of 3 configured\nnode 2 \(n2\): holds this map \(([0-9a-f]{16})\)\nnode 3 \(n3\): holds this map \(\1\)\n$/,
    );
    expect([1, 2, 3].map((n) => heldBy(n).admin.mospe)).toEqual([1, 2, 3]);
    expect([1, 2, 3].map((n) => heldBy(n).admin.gateways)).toEqual([1, 1, 1]);
    expect(heldBy(3).config.entries).toEqual(heldBy(1).config.entries);
  });

  it('finds no error where there is none', async () => {
    const { stdout, code } = await on(1, 'mosctl doctor');
    expect([code, blocking(stdout)]).toEqual([0, []]);
    expect(stdout).toMatch(/node 3 \(n3\): /);
  });

  it('finds another map from any node, and --push alone mends it', async () => {
    await on(2, 'setpe -w --node 2', map(2));
    const found = await on(1, 'setpe --check');
    expect([found.code, blocking(found.stdout)]).toEqual([5, ['node 2 (n2): error: its map is another one']]);
    expect((await on(3, 'mosctl doctor')).code).toBe(5);
    const pushed = JSON.parse((await on(1, 'setpe --push --json')).stdout) as unknown;
    expect(pushed).toMatchObject({
      node: 1,
      pushed: [
        { node: 2, ok: true },
        { node: 3, ok: true },
      ],
    });
    expect((await on(1, 'mosctl doctor')).code).toBe(0);
  });

  it('says what keeps a node from being reached, and how to mend it; the others get the map all the same', async () => {
    const knownHosts = readFileSync(cluster.knownHosts, 'utf8');
    await writeFile(
      cluster.knownHosts,
      knownHosts
        .split('\n')
        .filter((_, at) => at !== 1)
        .join('\n'),
    );
    try {
      const { code, stdout } = await on(1, 'mosctl doctor');
      expect(code).toBe(5);
      expect(stdout).toMatch(/node 2 \(n2\): error: .*host key.*\n {4}.*ssh-keyscan/);
      const pushed = await on(1, 'setpe --push');
      expect(pushed.code).not.toBe(0);
      expect(pushed.stderr).toMatch(/node 2 \(n2\): .*host key/);
    } finally {
      await writeFile(cluster.knownHosts, knownHosts);
    }
  });

  it('a node that is off is said to be', async () => {
    await cluster.node(3).server.close();
    const { code, stdout } = await on(1, 'mosctl doctor --json');
    const examined = JSON.parse(stdout) as { node: number; facts: unknown; findings: { mend: string }[] }[];
    expect(code).toBe(5);
    expect(examined[2]).toMatchObject({ node: 3, facts: null, findings: [{ kind: 'error' }] });
    expect(examined[2]!.findings[0]!.mend).not.toBe('');
  });

  it.each([
    ['setpe --push --check', '--check and --push exclude each other'],
    ['setpe -c --push', '-c and --push exclude each other'],
    ['setpe -r --check', '-r and --check exclude each other'],
    ['mosctl doctor 3', 'too many arguments'],
  ])('%s is refused', async (line, words) => {
    expect(await on(1, line)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(words) as unknown,
    });
  });
});
