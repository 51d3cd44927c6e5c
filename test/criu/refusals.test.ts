import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mayUseLab } from '../../fixtures/lab/lab.js';
import { pollUntil } from '../poll-until.js';
import { LabJobs, type LabJob } from './lab-jobs.js';

const here = await mayUseLab();

const python = (...lines: readonly string[]): readonly string[] => ['python3', '-c', lines.join('\n')];
const ready = "print('ready', flush=True); import time; time.sleep(600)";

const cases: readonly (readonly [what: string, argv: readonly string[], reason: RegExp])[] = [
  [
    'listens on a TCP port',
    python('import socket', "s = socket.create_server(('127.0.0.1', 4711))", ready),
    /^python3 .* listens on TCP 127\.0\.0\.1:4711$/,
  ],
  [
    'has a connection',
    python('import socket', "s = socket.create_connection(('127.0.0.1', 22))", ready),
    /^python3 .* has a network connection \(TCP 127\.0\.0\.1:\d+ to 127\.0\.0\.1:22\)$/,
  ],
  [
    'has a UDP socket over IPv6',
    python(
      'import socket',
      's = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)',
      "s.bind(('::1', 5353))",
      ready,
    ),
    /^python3 .* has a network socket \(UDP \[::1\]:5353\)$/,
  ],
  [
    'writes to a file outside of its folders',
    python("f = open('/var/log/out side.log', 'a')", ready),
    /has \/var\/log\/out side\.log open for writing, which is outside/,
  ],
  [
    'shares memory by name',
    python(
      'import mmap',
      "f = open('/dev/shm/mine', 'w+b'); f.truncate(4096)",
      'm = mmap.mmap(f.fileno(), 4096); f.close()',
      ready,
    ),
    /shares the memory \/dev\/shm\/mine/,
  ],
  [
    'uses System V shared memory',
    python(
      'import ctypes',
      'c = ctypes.CDLL(None); c.shmat.restype = ctypes.c_void_p',
      'i = c.shmget(0, 4096, 0o1600); c.shmat(i, None, 0); c.shmctl(i, 0, None)',
      ready,
    ),
    /uses System V shared memory/,
  ],
  [
    'has a terminal',
    python('import pty, os', 'a, b = pty.openpty()', ready),
    /has the terminal \/dev\/(ptmx|pts\/\d+) open/,
  ],
  [
    'is traced',
    python(
      'import ctypes, os, time',
      'p = os.fork()',
      'if p == 0: ctypes.CDLL(None).ptrace(0, 0, 0, 0); time.sleep(600)',
      ready,
    ),
    /is being traced by PID \d+/,
  ],
  [
    'lives in a mount namespace of its own',
    ['unshare', '--mount', 'sh', '-c', 'echo ready; sleep 600; :'],
    /lives in namespaces of its own \(mount\)/,
  ],
  [
    'is connected to a stranger through a unix socket',
    python('import socket', "s = socket.socket(socket.AF_UNIX); s.connect('/tmp/stranger')", ready),
    /is connected to \/tmp\/stranger through a unix socket/,
  ],
  [
    'has locked itself in with Landlock',
    ['sh', '-c', '(echo ready >&2; sleep 600) | xz -c | cat >/dev/null'],
    /^xz .* has locked itself in/,
  ],
  [
    'has a big removed file open',
    python("f = open('big', 'wb'); f.truncate(65 << 20); import os; os.unlink('big')", ready),
    /has the removed file .*\/big open: 65 MiB/,
  ],
  [
    'works in a folder that was removed',
    python("import os; os.mkdir('x'); os.chdir('x'); os.rmdir('../x')", ready),
    /the working folder of python3 .* was removed/,
  ],
];

describe.skipIf(!here)('a job that can not be moved', () => {
  let jobs: LabJobs | undefined;
  let job: LabJob | undefined;
  beforeAll(async () => {
    jobs = await LabJobs.start('test-criu-refusals', 1);
    const stranger =
      "import socket, time; s = socket.create_server('/tmp/stranger', family=socket.AF_UNIX); c = s.accept(); time.sleep(600)";
    await jobs.lab.exec(1, `setsid python3 -c "${stranger}" </dev/null >/dev/null 2>&1 &`);
  });
  afterAll(async () => {
    await jobs?.down();
  });

  it.each(cases)('says why before anything is frozen: it %s', async (_what, argv, reason) => {
    job = await jobs!.run(1, argv);
    const current = job;
    await pollUntil(async () =>
      `${await current.read('stdout')}${await current.read('stderr')}`.includes('ready'),
    );
    const reasons = await pollUntil(async () => {
      const probed = await current.probe();
      return probed.reasons.length > 0 ? probed.reasons : null;
    });
    expect(reasons.some((text) => reason.test(text))).toBe(true);
    expect(reasons.filter((text) => !reason.test(text))).toEqual([]);
    await job.end();
  });
});
