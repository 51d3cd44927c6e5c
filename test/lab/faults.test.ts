import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../fixtures/lab/lab.js';
import { bash, jobs, mayUseLab, noticeEarly, startCluster, until } from './cluster.js';

describe.runIf(await mayUseLab())('faults', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startCluster('faults', 3);
    await noticeEarly(lab);
  });
  afterAll(() => lab.down());

  it('a node that is cut off is DEAD after a while, its job unreachable, and goes on when the cable is back', async () => {
    const script = `mosrun 3 sh -c 'i=0; while [ $i -lt 120 ]; do i=$((i+1)); echo $i; sleep 0.1; done' >ticks; echo "code $?"; seq 1 120 | cmp - ticks && echo identical`;
    const running = bash(lab, script);
    await until('it runs', async () => (await jobs(lab)).some(({ state }) => state === 'running'));
    await lab.cut(3);
    await until('it is unreachable', async () =>
      (await jobs(lab)).some(({ state }) => state === 'unreachable'),
    );
    const others = await lab.exec(1, ['mosctl', 'isup', '2']);
    await lab.heal(3);
    const { stdout } = await running;
    expect(others.code).toBe(0);
    expect(stdout).toBe('code 0\nidentical\n');
  });

  it('a changed host key is refused with the line that mends it', async () => {
    await lab.rekey(2);
    await lab.exec(1, ['moskit', 'stop']);
    await until('node 2 is refused', async () => {
      const { code, stderr } = await lab.exec(1, ['mosrun', '2', 'true']);
      return code === 125 && /ssh-keygen -R/.test(stderr);
    });
    await lab.rekey(2, { trust: true });
    await until('node 2 is back', async () => (await lab.exec(1, ['mosctl', 'isup', '2'])).code === 0);
  });

  it('a noisy login does not break the greeting', async () => {
    await lab.exec(3, `echo 'echo "welcome to n3"; echo "more noise" >&2' >>/root/.bashrc`);
    await lab.exec(1, ['moskit', 'stop']);
    await until('node 3 answers', async () => (await lab.exec(1, ['mosctl', 'isup', '3'])).code === 0);
    const { stdout } = await bash(lab, 'mosrun 3 hostname');
    expect(stdout).toBe('n3\n');
  });

  it('a target whose disk is full refuses, and the job runs on where it was', async () => {
    const size = 4 * 1024 * 1024;
    await lab.exec(
      2,
      `mkdir -p /var/tmp/moskit-0 && chmod 700 /var/tmp/moskit-0 && mount -t tmpfs -o size=${size},mode=700 small /var/tmp/moskit-0`,
    );
    const script = `mosrun 1 python3 -c '
import time
block=bytearray(30*1024*1024)
for i in range(0,len(block),4096): block[i]=i%251
for i in range(60): print(i,flush=True); time.sleep(0.1)' >out & pid=$!
until [ -s out ]; do sleep 0.1; done; migrate $pid 2; echo "move $?"; wait $pid; echo "code $?"; seq 0 59 | cmp - out && echo identical`;
    const { stdout, stderr } = await bash(lab, script);
    await lab.exec(2, 'umount /var/tmp/moskit-0');
    expect(stdout).toBe('move 4\ncode 0\nidentical\n');
    expect(stderr).toMatch(/./);
  });

  it('a dead node refuses jobs in time, and names the reason', async () => {
    await lab.kill(3);
    const { code, stderr } = await bash(lab, 'timeout 90 mosrun 3 true');
    await lab.start(3);
    expect(code).toBe(125);
    expect(stderr).toMatch(/node 3|10\.77/);
  });
});
