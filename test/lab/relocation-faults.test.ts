import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../fixtures/lab/lab.js';
import type { FaultCase } from '../faults/cases.js';
import { startFaultLab } from '../faults/lab.js';
import { runCase } from '../faults/run-case.js';
import { mayUseLab } from './cluster.js';

const repository = new URL('../../', import.meta.url);

/** Both sides of the commit and each party; `npm run chaos` runs all of them. */
const cases: readonly FaultCase[] = [
  { driver: 'criu', party: 'target', step: 'guest.restore made', fault: 'kill' },
  { driver: 'criu', party: 'home', step: 'home committed', fault: 'kill' },
  { driver: 'app', party: 'source', step: 'guest.freeze marked', fault: 'kill' },
];

describe.runIf(await mayUseLab())('a fault in the middle of a move', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startFaultLab(repository, `step-faults-${process.pid}`);
  });
  afterAll(() => lab.down());

  it.each(cases)('$driver: $fault of $party at $step leaves one job and its whole output', async (of) => {
    const { job, wrong } = await runCase(lab, of, 'case');
    expect(wrong).toEqual([]);
    expect(['moved', 'stayed']).toContain(job);
  });
});

describe('the program that users have', () => {
  it('has no way to make a step fail', async () => {
    const program = await readFile(new URL('dist/moskit.mjs', repository), 'utf8');
    const faulty = await readFile(new URL('dist/moskit-with-faults.mjs', repository), 'utf8');
    expect(faulty).toContain('fault.hit');
    expect(program).not.toContain('fault.hit');
  });
});
