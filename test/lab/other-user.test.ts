import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../fixtures/lab/lab.js';
import { bash, mayUseLab, startCluster } from './cluster.js';

const secret = 'hush-3f81c2';
const state = (n: number): string => `/root/.local/state/moskit/n${n}`;

/** Root's jobs are the ones to be protected here, from the ordinary user of the same machines. */
describe.runIf(await mayUseLab())('another user of a node', () => {
  let lab: Lab;
  let job: string;
  const asStudent = (n: number, script: string): ReturnType<typeof bash> =>
    lab.exec(n, ['bash', '-c', script], { user: 'student', timeoutMs: 60_000 });

  beforeAll(async () => {
    lab = await startCluster('other', 2);
    // Folders above that are open to look into, as home folders often are: only what moskit makes itself protects.
    for (const n of [1, 2]) {
      await lab.exec(n, `cd /root; chmod 755 . .local .local/* ${state(n)}/..; ls -ld . .local`);
    }
    const { stdout, stderr } = await bash(
      lab,
      `SECRET=${secret}-env nohup mosrun 1 sh -c 'read line; echo $line $SECRET >kept; sleep 1000' ${secret}-arg <<<${secret}-in >/dev/null 2>err & pid=$!
      until mps --json | grep -q running; do sleep 0.1; done; migrate $pid 2 >&2; mps --json | grep -o '"job": *"[^"]*"' | cut -d'"' -f4`,
    );
    expect(stderr).toMatch(/moved/);
    job = stdout.trim();
  });
  afterAll(() => lab.down());

  it('finds none of its words in any file that he may read', async () => {
    const places = '/root /var/tmp /tmp /run /var/log /home /dev/shm /opt /etc';
    for (const n of [1, 2]) {
      // root finds it with the same search, so the search works
      const search = `grep -rlsa -e ${secret} ${places} | head -50`;
      expect((await lab.exec(n, search)).stdout).toContain(n === 1 ? '/homes/' : '/guests/');
      expect((await asStudent(n, search)).stdout).toBe('');
    }
  });

  it('may enter none of the folders that moskit made, and open none of its files', async () => {
    for (const n of [1, 2]) {
      const { stdout } = await asStudent(
        n,
        `for d in ${state(n)} ${state(n)}/run /var/tmp/moskit-0; do ls $d; cat $d/*; done 2>&1 | grep -v denied`,
      );
      expect(stdout).toBe('');
      const { stdout: open } = await lab.exec(
        n,
        `find ${state(n)} /var/tmp/moskit-0 -maxdepth 3 -not -path '*/cwd*' -perm /077 -not -type l`,
      );
      expect(open).toBe('');
    }
  });

  it('can neither speak to mosd nor submit, move, block or stop through it', async () => {
    const socket = `${state(1)}/run/mosd.sock`;
    const connect = `node -e 'require("net").connect("${socket}").on("connect", () => console.log("in")).on("error", (e) => console.log(e.code))'`;
    expect(
      (await lab.exec(1, connect.replace('console.log("in")', '{console.log("in"); process.exit()}'))).stdout,
    ).toBe('in\n');
    expect((await asStudent(1, connect)).stdout).toBe('EACCES\n');
    // with the folders open, the socket's own mode holds
    await lab.exec(1, `chmod 755 ${state(1)} ${state(1)}/run`);
    expect((await asStudent(1, connect)).stdout).toBe('EACCES\n');
    for (const tool of ['mosrun 1 id', `migrate ${job} 1`, 'mosctl block', `mosctl log`, 'mps']) {
      const { code, stdout, stderr } = await asStudent(
        1,
        `export XDG_STATE_HOME=/root/.local/state; ${tool}`,
      );
      expect([tool, code === 0, stdout]).toEqual([tool, false, '']);
      expect(stderr).toMatch(/belongs to user 0, not to you|permission denied|EACCES/);
    }
    await asStudent(1, 'XDG_STATE_HOME=/root/.local/state moskit stop');
    await lab.exec(1, `chmod 700 ${state(1)} ${state(1)}/run`);
    expect((await bash(lab, 'mps --json')).stdout).toContain(job);
  });

  it('knows the job no better through a mosd of his own, and can not signal it', async () => {
    const { stdout: pid } = await lab.exec(2, `pgrep -f '^sleep 1000'`);
    expect((await asStudent(2, `kill -0 ${pid}`)).stderr).toMatch(/not permitted/);
    expect((await asStudent(2, `cat /proc/${pid.trim()}/environ`)).stderr).toMatch(/denied/);
    const { code, stderr } = await asStudent(1, `migrate ${job} 1`);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/no job|does not run|no cluster|map/);
    await asStudent(1, 'moskit stop');
  });

  it('sees no secret of the job in the arguments of any process but the job itself', async () => {
    const seen: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      const moving = bash(lab, `migrate ${job} ${round % 2 === 0 ? 1 : 2}`);
      const over = moving.then(() => true);
      const look = `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'`;
      do for (const n of [1, 2]) seen.push((await asStudent(n, look)).stdout);
      while (!(await Promise.race([over, Promise.resolve(false)])));
      expect((await moving).stderr).toBe('');
    }
    const lines = seen.join('\n').split('\n');
    expect(lines.some((line) => line.includes(`${secret}-arg`))).toBe(true); // the job's own
    for (const word of [`${secret}-env`, `${secret}-in`, 'ticket']) {
      expect(lines.filter((line) => line.includes(word))).toEqual([]);
    }
  });

  it('finds nothing secret in what was logged, told, or said with --debug', async () => {
    const told = await bash(
      lab,
      `{ mosctl log; mosctl log --json; mosctl --debug jobs; mps; mosmon --once; migrate --debug ${job} 77; mosrun --debug 77 env; } 2>&1;
      cat ${state(1)}/mosd.log ${state(1)}/history.ndjson ${state(1)}/hpc.json; ssh n2 "cat ${state(2)}/mosd.log ${state(2)}/history.ndjson ${state(2)}/hpc.json"`,
    );
    expect(told.stdout).toContain(job);
    const logged = 'cat ~/.local/state/moskit/*/mosd.log ~/.local/state/moskit/*/history.ndjson';
    for (const n of [1, 2]) expect((await lab.exec(n, logged)).stdout).not.toContain(secret);
    for (const word of [`${secret}-env`, `${secret}-in`, 'ticket']) expect(told.stdout).not.toContain(word);
  });

  it('that has made the folder of jobs first, or a link in its place, makes them refused, and gets nothing', async () => {
    await bash(
      lab,
      `kill $(pgrep -f '[m]osrun 1 sh -c read'); until ! mps --json | grep -q running; do sleep 0.1; done`,
    );
    for (const make of [
      'mkdir -m 777 /var/tmp/moskit-0',
      'mkdir /home/student/mine; chmod 777 /home/student /home/student/mine; ln -s /home/student/mine /var/tmp/moskit-0',
      'ln -s /home/student/nowhere /var/tmp/moskit-0',
    ]) {
      await lab.exec(2, 'rm -rf /var/tmp/moskit-0');
      expect((await asStudent(2, make)).stderr).toBe('');
      const { code, stderr } = await bash(lab, `SECRET=${secret}-env mosrun 2 env`);
      expect(code).toBe(125);
      expect(stderr).toMatch(/can't make the job's folder .*(belongs to user 1000|is a symbolic link)/);
      expect(
        (await asStudent(2, 'find /var/tmp/moskit-0/ /home/student/mine /home/student/nowhere -mindepth 1'))
          .stdout,
      ).toBe('');
      await lab.exec(2, 'rm -rf /var/tmp/moskit-0');
      expect((await bash(lab, 'mosrun 2 hostname')).stdout).toBe('n2\n');
    }
  });

  it('that squats the place of the socket or of the state is refused there too', async () => {
    const away = 'export XDG_STATE_HOME=/tmp/state; mkdir -p -m 1777 /tmp/state;';
    await lab.exec(1, away);
    await asStudent(1, 'mkdir -m 777 /tmp/state/moskit');
    const first = await lab.exec(1, `${away} setpe -w -f /etc/hpc.map`);
    expect(first.stderr).toMatch(/everybody may write to \/tmp\/state\/moskit and so replace it/);
    await asStudent(
      1,
      `rm -r /tmp/state/moskit; mkdir -p -m 755 /tmp/state/moskit/n1/run; cd /tmp/state/moskit/n1/run; chmod 755 .. ; ln -s /root/.bashrc ../mosd.log
      setsid node -e 'require("net").createServer((s) => s.on("data", (d) => require("fs").appendFileSync("/tmp/heard", d))).listen("mosd.sock")' >/dev/null 2>&1 </dev/null &
      for i in $(seq 100); do test -S mosd.sock && break; sleep 0.05; done; chmod 777 mosd.sock`,
    );
    const before = (await lab.exec(1, 'sha256sum /root/.bashrc')).stdout;
    const second = await lab.exec(1, `${away} mosrun sh -c 'echo ${secret}'`);
    expect(second.code).not.toBe(0);
    expect(second.stderr).toMatch(/belongs to user 1000, not to you \(0\)/);
    expect((await lab.exec(1, 'sha256sum /root/.bashrc; test -e /tmp/heard')).stdout).toBe(before);
  });

  it('that has written what process mosd is does not get another one ended', async () => {
    const { stdout: pid } = await lab.exec(1, 'setsid sleep 1000 >/dev/null 2>&1 & echo $!');
    const record = `{"pid":$pid,"startTicks":$(cut -d" " -f22 /proc/$pid/stat),"bootId":"$(cat /proc/sys/kernel/random/boot_id)","token":"x"}`;
    const write = `pid=${pid.trim()}; echo "${record.replaceAll('"', '\\"').replace('\\" \\"', '" "')}" >mosd.pid; chmod 644 mosd.pid`;
    expect(
      (await asStudent(1, `cd /tmp/state/moskit/n1/run; rm mosd.sock; ${write}; cat mosd.pid`)).stdout,
    ).toMatch(/^\{"pid":\d+,"startTicks":\d+,"bootId":"[\w-]+","token":"x"\}$/m);
    const { stderr } = await lab.exec(1, 'XDG_STATE_HOME=/tmp/state moskit stop');
    expect(stderr).toContain('mosd does not run');
    expect((await lab.exec(1, `kill -0 ${pid}`)).code).toBe(0);
  });
});
