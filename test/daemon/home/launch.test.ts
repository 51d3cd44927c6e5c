import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedCluster, type EmbeddedCluster } from '../../../fixtures/embedded/cluster.js';
import { repository, runTool } from '../../commands/run-tool.js';
import { pollUntil } from '../../poll-until.js';

describe('a job whose node loses its mosd while the job is being started', () => {
  let cluster: EmbeddedCluster;
  beforeAll(async () => {
    const faulty = join(repository, 'dist', 'moskit-with-faults.mjs');
    cluster = await startEmbeddedCluster({
      nodes: 2,
      env: { MOSKIT_SHARED_MACHINE: '1', MOSKIT_PROGRAM: faulty },
    });
    const { env } = cluster.node(1);
    await runTool(['setpe', '-w', '--node', '1'], { env, stdin: '1 n1 1\n2 n2 1\n' });
  });
  afterAll(() => cluster.stop());

  it.each(['guest.prepare asked', 'guest.prepare done', 'guest.start asked', 'guest.start done'])(
    'runs once all the same: killed at %s',
    async (step) => {
      const { env, home } = cluster.node(1);
      await pollUntil(async () => (await runTool(['mosctl', 'isup', '2'], { env })).code === 0);
      const state = join(cluster.node(2).home, '.moskit');
      const witness = join(home, `witness ${step}`);
      await writeFile(join(state, 'fault'), `${step}\nkill\n`);
      const run = await runTool(['mosrun', '2', 'sh', '-c', 'echo ran >>"$0"; echo out; exit 7', witness], {
        env,
      });
      expect(await readFile(join(state, 'fault.hit'), 'utf8')).toContain(step);
      expect(run).toEqual({ code: 7, signal: null, stdout: 'out\n', stderr: '' });
      expect(await readFile(witness, 'utf8')).toBe('ran\n');
    },
  );

  it('is refused at once when the node was down before', async () => {
    await cluster.node(2).server.cut();
    const { env } = cluster.node(1);
    await pollUntil(async () => (await runTool(['mosctl', 'isup', '2'], { env })).code !== 0);
    expect(await runTool(['mosrun', '2', 'true'], { env })).toMatchObject({ code: 125, stdout: '' });
    await cluster.node(2).server.heal();
  });
});
