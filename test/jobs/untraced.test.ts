import { describe, expect, it } from 'vitest';
import { untraced } from '../../src/jobs/untraced.js';
import { start } from './job-fixture.js';

describe('a job that a dump may still hold', () => {
  it('is free at once when nobody traces it', async () => {
    const job = await start(['sleep', '60'], { pidNamespace: false });
    await expect(untraced(job.process)).resolves.toBeUndefined();
  });

  it('is waited for until the last of its processes is let go', async () => {
    const job = await start(['sleep', '60'], { pidNamespace: false });
    let looks = 0;
    const tracerOf = (pid: number): Promise<number> =>
      Promise.resolve(pid !== job.process.pid && ++looks < 4 ? 4711 : 0);
    await untraced(job.process, tracerOf);
    expect(looks).toBeGreaterThanOrEqual(4);
  });
});
