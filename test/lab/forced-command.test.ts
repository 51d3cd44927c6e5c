import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { equip } from '../../fixtures/lab/equip.js';
import { startLab, type Lab } from '../../fixtures/lab/lab.js';
import { bash, jobs, mayUseLab, until } from './cluster.js';

const program = fileURLToPath(new URL('../../dist/moskit.mjs', import.meta.url));

describe.runIf(await mayUseLab())('a key that may run `moskit bridge` only', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ nodes: 2, name: `forced-${process.pid}` });
    await equip(lab, { program, on: 2 });
    const limit = 's/^ssh-/command="moskit bridge",restrict ssh-/';
    const { code } = await lab.exec(2, ['sed', '-i', limit, '/root/.ssh/authorized_keys']);
    expect(code).toBe(0);
    await lab.exec(2, ['moskit', 'stop']);
    await equip(lab, { program, on: 1 });
    await lab.exec(1, 'mkdir -p /root/work');
    const up = async (): Promise<boolean> => (await lab.exec(1, ['mosctl', 'isup', '2'])).code === 0;
    await until('node 2 is up', up);
  });
  afterAll(() => lab.down());

  it('runs jobs there', async () => {
    expect(await bash(lab, 'echo in | mosrun 2 sh -c "cat; hostname; echo err >&2; exit 7"')).toEqual({
      code: 7,
      stdout: 'in\nn2\n',
      stderr: 'err\n',
    });
    expect((await lab.exec(2, 'ls ~/.local/share/moskit')).code).not.toBe(0); // nothing was copied there
  });

  it('moves jobs there and back, whole', async () => {
    const counter = `import signal, time
going = True
def stop(*_):
    global going
    going = False
signal.signal(signal.SIGUSR1, stop)
n = 0
while going:
    print(n, flush=True); n += 1; time.sleep(0.01)
`;
    await lab.exec(1, 'cat >/root/work/count.py', { input: counter });
    const { stdout, stderr } = await bash(
      lab,
      `mosrun 1 python3 count.py >counted 2>err & pid=$!; until mps --json | grep -q running; do sleep 0.1; done
      migrate $pid 2 && migrate $pid 1 && migrate $pid 2; kill -USR1 $pid; wait $pid; echo "code $?"
      seq 0 $(tail -1 counted) | cmp - counted && echo identical`,
    );
    expect(stderr).toBe('');
    expect(stdout).toMatch(/(moved[^]*){3}code 0\nidentical\n$/);
  });

  it('runs more jobs there than sshd opens sessions on one connection', async () => {
    const all = Array.from({ length: 12 }, (_, k) => k);
    const started = all.map(
      (k) => `mosrun 2 sh -c "while test ! -e /tmp/go; do sleep 0.1; done; echo ${k}" & `,
    );
    const running = bash(lab, `${started.join('')} wait`);
    await until(
      'all of them run',
      async () => (await jobs(lab)).filter(({ pid }) => pid !== null).length === 12,
    );
    await lab.exec(2, ['touch', '/tmp/go']);
    const { stdout, stderr } = await running;
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n').sort()).toEqual(all.map(String).sort());
  });

  const ssh = (args: string): ReturnType<typeof bash> =>
    bash(lab, `timeout 20 ssh -o BatchMode=yes ${args} </dev/null`);

  for (const [what, args] of [
    ['a command', 'n2 "touch /tmp/in; echo in"'],
    ['a shell', 'n2'],
    ['a subsystem', '-s n2 sftp'],
  ] as const) {
    it(`gets the bridge in place of ${what}`, async () => {
      const { stdout } = await ssh(args);
      expect(stdout).toContain('moskit\u0001{');
      expect((await lab.exec(2, 'test -e /tmp/in')).code).toBe(1);
    });
  }

  it('gets no terminal, no files, and no connection to a port or a socket', async () => {
    expect(await ssh('-tt n2')).toMatchObject({
      stdout: '',
      stderr: expect.stringContaining('PTY allocation request failed') as string,
    });
    expect(
      (await bash(lab, 'echo "get /etc/hostname got" | timeout 20 sftp -b - n2; test -e got')).code,
    ).not.toBe(0);
    expect(
      (
        await bash(
          lab,
          'timeout 20 scp -O n2:/etc/hostname got; timeout 20 scp n2:/etc/hostname got; test -e got',
        )
      ).code,
    ).not.toBe(0);
    expect((await ssh('-W 127.0.0.1:22 n2')).stderr).toContain('administratively prohibited');
    const socket = '/root/.local/state/moskit/n2/run/mosd.sock';
    expect((await lab.exec(2, ['test', '-S', socket])).code).toBe(0);
    const through = `ssh -o BatchMode=yes -N -L /tmp/to.sock:${socket} n2 2>err & for i in $(seq 100); do test -S /tmp/to.sock && break; sleep 0.1; done;
      node -e 'require("net").connect("/tmp/to.sock").on("data", (d) => console.log("data", String(d))).on("error", () => 0)'; kill %1; cat err`;
    const { stdout } = await bash(lab, through);
    expect(stdout).not.toContain('data');
    expect(stdout).toContain('open failed');
    expect((await ssh('-o ExitOnForwardFailure=yes -R 9999:127.0.0.1:22 -N n2')).stderr).toMatch(
      /forwarding failed/,
    );
  });

  it('says so when the node is to be looked at through a shell', async () => {
    const { stdout } = await bash(lab, 'mosmon --once --map /etc/hpc.map');
    expect(stdout).toContain("this key may only run 'moskit bridge' on");
  });
});
