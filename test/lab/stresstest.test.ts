import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../fixtures/lab/lab.js';
import type { StressReport } from '../../src/core/stress/report.js';
import { bash, mayUseLab, startCluster } from './cluster.js';

describe.runIf(await mayUseLab())('mosctl stresstest on real hosts', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startCluster('tools-stress', 2);
  });
  afterAll(() => lab.down());

  it('passes every step; a shell that counts is moved while it runs and loses no line', async () => {
    const { stdout, stderr } = await bash(
      lab,
      'mosctl stresstest --memory 8 --time 200s --json /root/report',
    );
    expect(stdout, stderr).toMatch(/^\{/);
    const { results, left } = JSON.parse(stdout) as StressReport;
    const outcomes = Object.fromEntries(results.map(({ step, outcome }) => [step, outcome]));
    expect([outcomes['moving'], outcomes['portfolio'], outcomes['forkit'], stderr]).toEqual([
      'passed',
      'passed',
      'passed',
      expect.stringMatching(/passed: moving: [1-9]\d* moves while it ran, every line once/),
    ]);
    expect(results.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    expect(left).toEqual([]);
  });
});
