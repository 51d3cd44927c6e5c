import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../fixtures/lab/lab.js';
import { bash, jobs, mayUseLab, noticeEarly, startCluster, until } from './cluster.js';

/** Saves itself on SIGUSR1, and goes on from what it saved. */
const selfSaving = `
import os, signal, sys, time
def save(number, frame):
  open('state', 'w').write(str(i))
  os._exit(85)
i = int(open('state').read()) if os.path.exists('state') else 0
signal.signal(signal.SIGUSR1, save)
while i < 120:
  i += 1
  os.write(1, b'%d\\n' % i)
  time.sleep(0.1)
os.remove('state') if os.path.exists('state') else None
`;

/** Appends to a file of its working folder. */
const appending = `
import time
for i in range(200):
  with open('log', 'a') as log: log.write('%d\\n' % i)
  time.sleep(0.1)
`;

describe.runIf(await mayUseLab())('jobs that lost their node', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startCluster('lost', 3);
    await noticeEarly(lab);
    await lab.exec(1, ['mkdir', '-p', '/root/work']);
    for (const [name, text] of Object.entries({ 'saving.py': selfSaving, 'appending.py': appending }))
      await lab.exec(1, ['sh', '-c', 'printf %s "$1" >"$2"', 'sh', text, `/root/work/${name}`]);
  });
  afterAll(() => lab.down());

  const log = async (job: string): Promise<string> =>
    (await lab.exec(1, ['mosctl', 'log', '--job', job])).stdout;
  const jobOn = async (node: number): Promise<string> => {
    let found = '';
    await until(`a job runs on node ${node}`, async () => {
      found = (await jobs(lab)).find(({ where, state }) => where === node && state === 'running')?.job ?? '';
      return found !== '';
    });
    return found;
  };
  const images = async (job: string, times: number): Promise<void> => {
    await until(`${times} images of ${job}`, async () => {
      return (await log(job)).split(' imaged ').length > times;
    });
  };
  const killedWhileAway = async (node: number, script: string, imagesFirst: number): Promise<string> => {
    await until(
      `node ${node} is up`,
      async () => (await lab.exec(1, ['mosctl', 'isup', String(node)])).code === 0,
    );
    const running = bash(lab, script);
    const job = await jobOn(node);
    await images(job, imagesFirst);
    await lab.kill(node);
    const { stdout, stderr } = await running;
    await lab.start(node);
    return stdout + stderr;
  };

  it('a program that saves itself goes on from what it saved, and its files come home', async () => {
    const said = await killedWhileAway(
      3,
      `rm -f state; mosrun --driver app --ckpt-signal USR1 --checkpoint 2s --on-node-loss recover --lease 5s 3 python3 saving.py >saved; echo "code $?"; sort -nu saved | cmp - <(seq 1 120) && echo complete; ls state 2>&1 | tail -c 26`,
      2,
    );
    expect(said).toContain('code 0\ncomplete\n');
  });

  it('a job that begins anew gets its whole input again', async () => {
    const running = bash(
      lab,
      `seq 1 200000 | mosrun --on-node-loss restart --lease 5s 2 sh -c 'head -c 600000 >part; sleep 6; cat >rest; cat part rest | cksum' >sum; echo "code $?"; seq 1 200000 | cksum | cmp - sum && echo identical`,
    );
    const job = await jobOn(2);
    await lab.kill(2);
    const { stdout } = await running;
    await lab.start(2);
    expect(stdout).toBe('code 0\nidentical\n');
    expect(await log(job)).toContain('from the beginning');
  });

  it('what it wrote into its folder is as it was at the image, and comes home once', async () => {
    const said = await killedWhileAway(
      3,
      `rm -f log; mosrun --checkpoint 2s --on-node-loss recover --lease 5s 3 python3 appending.py; echo "code $?"; seq 0 199 | cmp - log && echo identical`,
      2,
    );
    expect(said).toContain('code 0\nidentical\n');
  });

  it('a folder used in place: what the job had open goes back with the image, and nothing of it is lost', async () => {
    const { stdout: id } = await bash(
      lab,
      `mosrun --detach -h -L --checkpoint 3s --on-node-loss recover python3 -uc 'import time
with open("place", "w", buffering=1) as log:
  for i in range(150): print(i, file=log); time.sleep(0.1)'`,
    );
    const job = id.trim();
    await images(job, 1);
    const before = (await lab.exec(1, ['cat', '/root/work/place'])).stdout;
    await lab.kill(1);
    await lab.start(1);
    const { stdout } = await bash(
      lab,
      `mosrun --attach ${job}; echo "code $?"; seq 0 149 | cmp - place && echo identical; cat place.moskit-${job}`,
    );
    expect(stdout).toContain('code 0\nidentical\n');
    expect(stdout.split('identical\n')[1]).toContain(before);
  });

  it('a home that was started anew brings its own job back from the last image', async () => {
    const { stdout: id } = await bash(
      lab,
      `mosrun --detach --checkpoint 2s --on-node-loss recover -h python3 -uc 'import time
for i in range(200): print(i); time.sleep(0.1)'`,
    );
    const job = id.trim();
    await images(job, 2);
    await lab.kill(1);
    await lab.start(1);
    const { stdout } = await bash(
      lab,
      `mosrun --attach ${job} >back; echo "code $?"; tail -1 back; mosctl log --job ${job} | grep -c recovering`,
    );
    expect(stdout).toBe('code 0\n199\n1\n');
  });
});
