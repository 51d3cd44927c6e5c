import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../fixtures/lab/lab.js';
import { startFaultLab } from '../faults/lab.js';
import { bash, jobs, mayUseLab, until } from './cluster.js';

/** A machine loses its power in the middle of a move, while the other end has a whole copy that stands still. */
describe.runIf(await mayUseLab())('a move one end of which dies', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startFaultLab(new URL('../..', import.meta.url), `rescue-${process.pid}`);
    await lab.exec(1, ['mkdir', '-p', '/root/work']);
  });
  afterAll(() => lab.down());

  const state = '/root/.local/state/moskit/n1';
  const script = (file: string): string =>
    `mosrun 2 python3 -uc 'import time
for i in range(150): print(i); time.sleep(0.05)' >${file}; echo "code $?"; seq 0 149 | cmp - ${file} && echo identical`;

  /** Home waits at the step; answers when it is there. */
  const holdAt = async (step: string): Promise<void> => {
    await bash(lab, `printf '%s\\n%s\\n' '${step}' hold >${state}/fault`);
    await until('it runs on node 2', async () =>
      (await jobs(lab)).some(({ where, state: now }) => where === 2 && now === 'running'),
    );
    void bash(lab, `migrate $(mps --json | grep -o '"job":"[^"]*"' | head -1 | cut -d'"' -f4) 3`);
    await until(
      `home is at '${step}'`,
      async () => (await bash(lab, `[ -e ${state}/fault.hit ]`)).code === 0,
    );
  };
  const powerCycle = async (node: number): Promise<void> => {
    await lab.kill(node);
    await lab.start(node);
  };
  const story = async (): Promise<string> => (await lab.exec(1, ['mosctl', 'log'])).stdout;

  it('the target, right after the COMMIT: the source still has it, and goes on with it', async () => {
    const running = bash(lab, script('committed'));
    await holdAt('home committed');
    await powerCycle(3);
    await bash(lab, `rm -f ${state}/fault ${state}/fault.hit`);
    const { stdout } = await running;
    expect(stdout).toBe('code 0\nidentical\n');
    expect(await story()).toContain('node 2 still has it, and goes on with it');
  });

  it('the source, right before the COMMIT, and the mosd of home with it: the target goes on', async () => {
    await until('node 3 is up', async () => (await lab.exec(1, ['mosctl', 'isup', '3'])).code === 0);
    const running = bash(lab, script('restored'));
    await holdAt('home heard restored');
    await powerCycle(2);
    await bash(
      lab,
      `kill -9 $(grep -o '"pid":[0-9]*' ${state}/run/mosd.pid | cut -d: -f2); rm -f ${state}/fault ${state}/fault.hit; mosctl isup 1`,
    );
    const { stdout } = await running;
    expect(stdout).toBe('code 0\nidentical\n');
    expect(await story()).toContain('node 3 has a whole copy, and goes on with it');
  });
});
