import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedCluster, type EmbeddedCluster } from '../../fixtures/embedded/cluster.js';
import type { HistoryEvent } from '../../src/core/history.js';
import { runTool, type ToolRun } from '../commands/run-tool.js';
import { pollUntil } from '../poll-until.js';

describe('the history says of every deed what became of it, and why', () => {
  let cluster: EmbeddedCluster;
  beforeAll(async () => {
    cluster = await startEmbeddedCluster({ nodes: 2, env: { MOSKIT_SHARED_MACHINE: '1' } });
    const map = cluster.nodes.map(({ n, name }) => `${n} ${name} 1\n`).join('');
    await runTool(['setpe', '-w', '--node', '1'], { env: cluster.node(1).env, stdin: map });
    await pollUntil(async () => (await on(1, 'mosctl', 'isup', '2')).code === 0);
  });
  afterAll(() => cluster.stop());

  const on = (n: number, ...words: readonly string[]): Promise<ToolRun> =>
    runTool(words, { env: cluster.node(n).env });
  const story = async (n: number, job?: string): Promise<readonly HistoryEvent[]> => {
    const of = job === undefined ? [] : ['--job', job];
    const { stdout } = await on(n, 'mosctl', 'log', '--json', ...of);
    return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as HistoryEvent]));
  };
  const names = (events: readonly HistoryEvent[]): readonly string[] => events.map(({ event }) => event);
  /** What is expected, in this order, whatever else there is between. */
  const inOrder = (events: readonly HistoryEvent[], wanted: readonly string[]): readonly string[] => {
    const left = [...wanted];
    for (const { event } of events) if (event === left[0]) left.shift();
    return left;
  };

  it('of a job: placed, started, why it does not move, ended; on its node: came, ended, left', async () => {
    const gate = join(cluster.dir, 'gate');
    const script = `until [ -e ${gate} ]; do sleep 0.05; done`;
    const { stdout } = await on(1, 'mosrun', '--detach', '2', 'sh', '-c', script);
    const job = stdout.trim();
    expect((await on(1, 'migrate', job, '1')).code).toBe(4);
    expect((await on(1, 'migrate', job, '2')).code).toBe(4);
    expect((await on(1, 'mosrun', '--give-up', job)).code).not.toBe(0);
    await writeFile(gate, '');
    const atHome = await pollUntil(async () => {
      const events = await story(1, job);
      return names(events).includes('ended') ? events : undefined;
    });
    expect(inOrder(atHome, ['placed', 'started', 'stays', 'stays', 'refused', 'ended'])).toEqual([]);
    expect(atHome.filter(({ event }) => event === 'stays').map(({ to }) => to)).toEqual([1, 2]);
    for (const { reason } of atHome) expect(reason).not.toBe('');
    const atNode = await pollUntil(async () => {
      const events = await story(2, job);
      return names(events).includes('left') ? events : undefined;
    });
    expect(inOrder(atNode, ['came', 'ended', 'left'])).toEqual([]);
  });

  it('of a job that is not taken in: refused, with the reason', async () => {
    expect((await on(2, 'mosctl', 'block')).code).toBe(0);
    await pollUntil(async () => (await on(1, 'mosctl', 'status', '2')).stdout.includes('block'));
    expect((await on(1, 'mosrun', '2', 'true')).code).not.toBe(0);
    const refused = (await story(1)).filter(({ event }) => event === 'refused');
    expect(refused.at(-1)).toMatchObject({
      reason: expect.stringMatching(/it is not started: .*block/) as unknown,
    });
    expect((await story(2)).find(({ event }) => event === 'set')?.reason).toContain('block=1');
  });

  it('of mosd and of the nodes that it sees', async () => {
    const events = await story(1);
    expect(names(events)[0]).toBe('begins');
    expect(events.find(({ event }) => event === 'up')).toMatchObject({ node: 2 });
  });
});
