import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../fixtures/lab/lab.js';
import { bash, jobs, mayUseLab, startCluster, until } from './cluster.js';

const takenMib = 200;
/** What a writer gets ahead between two looks comes on top of the limit. */
const muchMib = 2_000;

describe.runIf(await mayUseLab())('output that nobody takes', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startCluster('output', 3);
  });
  afterAll(() => lab.down());

  it('holds its job instead of filling the disk, over a move and a killed mosd, and loses nothing', async () => {
    const script = `rm -f go; mkfifo go; mosrun 2 yes | (read -r line <go; head -c ${takenMib}M | sha256sum)`;
    const taking = bash(lab, script);
    const id = await untilKnown('the job is there', async () => (await jobs(lab)).at(0)?.job);
    await until('it is held', () => isHeld(lab, 2));
    expect(await spooledMib(lab, 2)).toBeLessThan(muchMib);

    const moved = await bash(lab, `migrate ${id} 3`);
    expect(moved.code, moved.stderr).toBe(0);
    await until('it is held there too', () => isHeld(lab, 3));
    await lab.exec(3, ['bash', '-c', 'kill -9 $(cat ~/.local/state/moskit/n3/run/mosd.pid)']);
    await bash(lab, 'mosctl isup 3');

    await bash(lab, 'echo >go');
    const { stdout } = await taking;
    expect(stdout.split(' ')[0]).toBe(sha256OfYes(takenMib));
    await until('nothing is left of it', async () => (await jobs(lab)).length === 0);
    expect((await lab.exec(3, ['pgrep', '-x', 'yes'])).code).not.toBe(0);
  });

  it('is drained when the held job is ended', async () => {
    await bash(
      lab,
      'rm -f go; mkfifo go; { (mosrun 2 yes; echo $? >code) | (read -r line <go; cat >all); } >out 2>&1 </dev/null &',
    );
    await until('it is held', () => isHeld(lab, 2));
    const [job] = await jobs(lab);
    await bash(lab, `kill ${job!.pid}; echo >go`);
    await until('it is over', async () => (await bash(lab, 'cat code')).stdout.trim() === '143');
    expect((await bash(lab, "tail -c 1000 all | tr -d '\\ny'")).stdout).toBe('');
  });
});

async function untilKnown<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  let answer: T | undefined;
  await until(what, async () => (answer = await ask()) !== undefined);
  return answer!;
}

async function isHeld(lab: Lab, n: number): Promise<boolean> {
  const { stdout } = await lab.exec(n, ['bash', '-c', 'ps -o stat= -C yes']);
  return stdout.trim().startsWith('T');
}

async function spooledMib(lab: Lab, n: number): Promise<number> {
  const { stdout } = await lab.exec(n, ['bash', '-c', 'du -cm /var/tmp/moskit-0/*/stdout | tail -1']);
  return Number(stdout.split('\t')[0]);
}

function sha256OfYes(mib: number): string {
  const hash = createHash('sha256');
  const block = Buffer.from('y\n'.repeat(1024 * 512));
  for (let done = 0; done < mib; done++) hash.update(block);
  return hash.digest('hex');
}
