import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedCluster, type EmbeddedCluster } from '../../fixtures/embedded/cluster.js';
import type { StressReport } from '../../src/core/stress/report.js';
import { pollUntil } from '../poll-until.js';
import { runTool, startTool, endOf, type ToolRun } from './run-tool.js';

describe('mosctl stresstest', () => {
  let cluster: EmbeddedCluster;
  let folder: string;
  beforeAll(async () => {
    cluster = await startEmbeddedCluster({ nodes: 2, env: { MOSKIT_SHARED_MACHINE: '1' } });
    folder = join(cluster.dir, 'report');
    const map = cluster.nodes.map(({ n, name }) => `${n} ${name} 1\n`).join('');
    await on('setpe -w --node 1', map);
    await pollUntil(async () => (await on('mosctl isup 2')).code === 0);
  });
  afterAll(() => cluster.stop());

  const on = (line: string, stdin = ''): Promise<ToolRun> =>
    runTool(line.split(' '), { env: cluster.node(1).env, stdin });
  const report = (): StressReport =>
    JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as StressReport;

  it('that is killed goes on where it was: what has passed is not done again', async () => {
    const first = startTool(`mosctl stresstest --memory 4 ${folder}`.split(' '), cluster.node(1).env);
    const record = join(folder, 'run.ndjson');
    await pollUntil(() =>
      Promise.resolve(existsSync(record) && readFileSync(record, 'utf8').includes('"distkeygen"')),
    );
    first.kill('SIGKILL');
    await endOf(first);
    // The half line of a record that was being written.
    writeFileSync(record, `${readFileSync(record, 'utf8')}\n{"step":"portf`);
    const run = await on(`mosctl stresstest --memory 4 ${folder}`);
    expect(run.stderr).not.toContain('distkeygen');
    expect([run.code, run.stderr]).toEqual([
      0,
      expect.stringMatching(/passed: copies to and from node 2: 4 MiB/),
    ]);
    const { results, samples, left, nodes } = report();
    expect(results.filter(({ outcome }) => outcome === 'passed').map(({ step }) => step)).toEqual(
      expect.arrayContaining(['distkeygen', 'portfolio', 'eatmem', 'forkit', 'copies to and from node 2']),
    );
    // Without privileges a shell can't be moved, and the report says so.
    expect(results.find(({ step }) => step === 'moving')?.outcome).toMatch(/passed|refused/);
    expect([left, nodes.length]).toEqual([[], 2]);
    expect(samples.length).toBeGreaterThan(0);
    expect(readdirSync(folder).sort()).toEqual(['report.html', 'report.json', 'report.txt', 'run.ndjson']);
  });

  it('ends in time, and says what it did not come to', async () => {
    const run = await on(`mosctl stresstest --again --time 6s --memory 4 ${folder}`);
    // Moving alone takes twelve seconds: it was cut short, and that is no failure of the cluster.
    expect(run.code).toBe(5);
    expect(report().left).toContain('moving');
    expect(report().results.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    expect(run.stdout).toMatch(/not reached; .*report\.html\n$/);
  });

  it.each([
    ['--time never', 2, "'never' is no time for it"],
    ['--time 25h', 2, "'25h' is no time for it"],
    ['--memory 0', 2, '--memory goes from 1 to 65536 MiB'],
    ['one two', 2, 'too many arguments'],
    ['/proc/nothing/here', 1, 'cannot make /proc/nothing/here'],
  ])('%s is refused', async (line, code, words) => {
    const run = await on(`mosctl stresstest ${line}`);
    expect([run.code, run.stdout]).toEqual([code, '']);
    expect(run.stderr).toContain(words);
  });
});
