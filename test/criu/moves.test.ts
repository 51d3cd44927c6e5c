import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mayUseLab } from '../../fixtures/lab/lab.js';
import { LabJobs } from './lab-jobs.js';

const here = await mayUseLab();

interface Program {
  readonly what: string;
  readonly argv: readonly string[];
  readonly exit?: number;
}

const programs: readonly Program[] = [
  { what: 'threads in C', argv: ['$P/threads', '4', '2500'] },
  { what: 'a lot of busy memory', argv: ['$P/memory', '256', '100', '20'] },
  { what: 'open files, appended to and synced', argv: ['python3', '$P/files.py', '200'] },
  { what: 'an SQLite database', argv: ['python3', '$P/database.py', '200'] },
  { what: 'a bash pipeline with subshells', argv: ['bash', '$P/pipeline.sh', '300'], exit: 7 },
  { what: 'a tree of processes that talk', argv: ['python3', '$P/forks.py', '200'] },
  { what: 'Node.js with worker threads and a child', argv: ['node', '$P/workers.mjs', '200'] },
  { what: 'lines on stdout and stderr', argv: ['python3', '$P/lines.py', '4000', '1'] },
];

describe.skipIf(!here)('moved to another node and back', () => {
  let jobs: LabJobs | undefined;
  beforeAll(async () => {
    jobs = await LabJobs.start('test-criu-moves');
  });
  afterAll(async () => {
    await jobs?.down();
  });

  it.each(programs)('$what: the output is that of an unmoved run', async ({ argv, exit = 0 }) => {
    if (!jobs) throw new Error('no lab');
    const [still, job] = await Promise.all([jobs.run(1, argv), jobs.run(1, argv)]);
    await job.move(2);
    await job.move(1);
    for (const one of [still, job]) expect(await one.exit()).toEqual({ kind: 'code', code: exit });
    for (const stream of ['stdout', 'stderr']) {
      expect(await job.read(stream)).toBe(await still.read(stream));
    }
  });
});
