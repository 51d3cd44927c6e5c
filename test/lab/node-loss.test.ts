import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../fixtures/lab/lab.js';
import { bash, jobs, mayUseLab, noticeEarly, startCluster, until } from './cluster.js';

interface Event {
  readonly event: string;
  readonly job?: string;
  readonly reason: string;
}

describe.runIf(await mayUseLab())('the loss of a node', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startCluster('loss', 3);
    await noticeEarly(lab);
  });
  afterAll(() => lab.down());

  const counting = (rounds: number): string =>
    `python3 -uc '
import time
for i in range(${rounds}):
  print(i)
  time.sleep(0.1)
'`;
  const events = async (job: string): Promise<readonly Event[]> => {
    const { stdout } = await lab.exec(1, ['mosctl', 'log', '--json', '--job', job]);
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Event);
  };
  const theJob = async (node: number): Promise<string> => {
    let found = '';
    await until(`a job runs on node ${node}`, async () => {
      found = (await jobs(lab)).find(({ where, state }) => where === node && state === 'running')?.job ?? '';
      return found !== '';
    });
    return found;
  };
  const imaged = async (job: string, times: number): Promise<void> => {
    await until(
      `${times} images of ${job}`,
      async () => (await events(job)).filter(({ event }) => event === 'imaged').length >= times,
    );
  };

  it('a job goes on from its last image on another node, and its user sees every byte once', async () => {
    const running = bash(
      lab,
      `mosrun --checkpoint 2s --on-node-loss recover --lease 5s 3 ${counting(400)} >seen; echo "code $?"; seq 0 399 | cmp - seen && echo identical`,
    );
    const job = await theJob(3);
    await imaged(job, 3);
    await lab.kill(3);
    const { stdout } = await running;
    await lab.start(3);
    expect(stdout).toBe('code 0\nidentical\n');
    const story = await events(job);
    expect(story.map(({ event }) => event)).toContain('stranded');
    expect(story.find(({ event }) => event === 'recovering')?.reason).toMatch(/^image \d+$/);
  });

  it('a node that is cut off stops its guest before home starts it elsewhere, and ends it when it is back', async () => {
    await until('node 3 is up', async () => (await lab.exec(1, ['mosctl', 'isup', '3'])).code === 0);
    const running = bash(
      lab,
      `mosrun --checkpoint 2s --on-node-loss recover --lease 5s 3 ${counting(500)} >cutoff; echo "code $?"; seq 0 499 | cmp - cutoff && echo identical`,
    );
    const job = await theJob(3);
    await imaged(job, 2);
    await lab.cut(3);
    const states = async (): Promise<string> =>
      (await lab.exec(3, `ps -eo stat,comm | grep python3 | cut -c1`)).stdout.trim();
    await until('it stands still on node 3', async () => /^(T\n?)+$/.test(await states()));
    expect((await jobs(lab)).find((one) => one.job === job)?.where).toBe(3);
    await until('it runs elsewhere', async () =>
      (await jobs(lab)).some((one) => one.job === job && one.where !== 3 && one.state === 'running'),
    );
    expect(await states()).toMatch(/^(T\n?)+$/);
    await lab.heal(3);
    await until('node 3 has ended its own', async () => (await states()) === '');
    const { stdout } = await running;
    expect(stdout).toBe('code 0\nidentical\n');
  });

  it('a short cut costs nothing: the guest is woken, and stays where it is', async () => {
    await until('node 3 is up', async () => (await lab.exec(1, ['mosctl', 'isup', '3'])).code === 0);
    const running = bash(
      lab,
      `mosrun --on-node-loss restart --lease 5s 3 ${counting(300)} >short; echo "code $?"; seq 0 299 | cmp - short && echo identical`,
    );
    const job = await theJob(3);
    await lab.cut(3);
    await until('it stands still on node 3', async () =>
      /^T/.test((await lab.exec(3, `ps -eo stat,comm | grep python3`)).stdout),
    );
    await lab.heal(3);
    const { stdout } = await running;
    expect(stdout).toBe('code 0\nidentical\n');
    expect((await events(job)).map(({ event }) => event)).not.toContain('stranded');
  });

  it('by default a person decides: the job waits, is listed, and goes on from the newest image that is whole', async () => {
    await until('node 2 is up', async () => (await lab.exec(1, ['mosctl', 'isup', '2'])).code === 0);
    const running = bash(
      lab,
      `mosrun --checkpoint 2s --keeper 3 2 ${counting(250)} >held; echo "code $?"; seq 0 249 | cmp - held && echo identical`,
    );
    const job = await theJob(2);
    await imaged(job, 2);
    await lab.kill(2);
    await until('it is unreachable', async () =>
      (await jobs(lab)).some(({ state }) => state === 'unreachable'),
    );
    const listed = await lab.exec(1, ['mosctl', 'jobs', '--lost']);
    expect(listed.stdout).toContain(job);
    const refused = await lab.exec(1, ['mosrun', '--recover', job]);
    expect(refused.code).toBe(125);
    expect(refused.stderr).toContain('--force');
    const spoil = `f=$(ls -t ~/.local/state/moskit/*/kept/*/*.image | head -1); printf X | dd of=$f bs=1 seek=5000 conv=notrunc status=none; echo $f`;
    expect((await lab.exec(3, spoil)).stdout).toMatch(/\.image\n$/);
    const recovered = await lab.exec(1, ['mosrun', '--recover', job, '--force']);
    expect(recovered.stderr + recovered.stdout).toMatch(/goes on on node [13]/);
    const { stdout } = await running;
    await lab.start(2);
    expect(stdout).toBe('code 0\nidentical\n');
    const story = await events(job);
    expect(story.find(({ event }) => event === 'damaged')?.reason).toContain('is not what was put');
  });
});
