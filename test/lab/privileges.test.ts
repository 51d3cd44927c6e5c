import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../fixtures/lab/lab.js';
import { bash, mayUseLab, startCluster } from './cluster.js';

/** What a process may do, as the kernel has it. */
const rights = "grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp):' /proc/$p/status";
const pidOf = (word: string): string => `p=$(pgrep -f '^sleep ${word}'); test -n "$p"`;

describe.runIf(await mayUseLab())('what a job may do when it has moved', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startCluster('rights', 2);
  });
  afterAll(() => lab.down());

  async function start(word: string, limits: string): Promise<string> {
    const { stdout, stderr } = await bash(
      lab,
      `nohup mosrun 1 ${limits} sleep ${word} >/dev/null 2>err </dev/null & pid=$!
      until pgrep -f '^sleep ${word}' >/dev/null; do sleep 0.1; done; until mps --json | grep -q '"pid":'$pid,.*running; do sleep 0.1; done; echo $pid`,
    );
    expect(stderr).toBe('');
    return stdout.trim();
  }

  const rightsOn = async (n: number, word: string): Promise<string> => {
    const { code, stdout } = await lab.exec(n, `${pidOf(word)} && ${rights}`);
    return code === 0 ? stdout : 'no such process';
  };

  it.each([
    ['root', '1001', '', false],
    ['another user, with groups', '1002', 'setpriv --reuid 1000 --regid 1000 --groups 100,1000 --', true],
    [
      'root with two capabilities left',
      '1003',
      'setpriv --bounding-set=-all,+chown,+kill --inh-caps=-all --',
      false,
    ],
    [
      'another user without any way back',
      '1004',
      'setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all --',
      true,
    ],
  ])('is what it was: %s', async (_, word, limits, mayStay) => {
    const pid = await start(word, limits);
    const before = await rightsOn(1, word);
    expect(before.split('\n').length).toBeGreaterThan(9);
    for (const node of [2, 1]) {
      const { stdout, stderr } = await bash(lab, `migrate ${pid} ${node}`);
      // Not every kernel lets the lab's root dump another user's process: then it stays, as it was.
      const moved = stdout.includes('moved');
      if (!moved)
        expect([mayStay, stderr]).toEqual([
          true,
          expect.stringMatching(/not permitted|is on node 1 already/),
        ]);
      const where = moved ? node : 1;
      expect(await rightsOn(where, word)).toBe(before);
      expect(await rightsOn(3 - where, word)).toBe('no such process');
    }
    await bash(lab, `kill ${pid}`);
  });

  it('is what it was because one that has given up new privileges for ever stays', async () => {
    const pid = await start('1005', 'setpriv --no-new-privs --');
    const before = await rightsOn(1, '1005');
    expect(before).toContain('NoNewPrivs:\t1');
    const { code, stderr } = await bash(lab, `migrate ${pid} 2`);
    expect(code).toBe(4);
    expect(stderr).toContain('no_new_privs is set');
    expect(await rightsOn(1, '1005')).toBe(before);
    await bash(lab, `kill ${pid}`);
  });

  it('is not made more by a file that was carried: no setuid, setgid or device arrives, on either side', async () => {
    const job = 'cp /bin/true there; chmod 6755 there; mknod dev c 1 3; stat -c "%n %a" here there';
    const { stdout } = await bash(
      lab,
      `mkdir -p carried && cd carried && cp /bin/true here && chmod 6755 here && mosrun 2 sh -c '${job}' 2>/dev/null; stat -c '%n %a' there; test -e dev && echo device`,
    );
    expect(stdout).toBe('here 755\nthere 6755\nthere 755\n');
  });
});
