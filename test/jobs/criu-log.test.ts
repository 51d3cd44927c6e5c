import { expect, it } from 'vitest';
import { reasonInLog } from '../../src/jobs/criu-log.js';

it.each([
  [
    "Error (criu/util.c:1533): rlimit: Can't setup RLIMIT_NOFILE for self: Operation not permitted\n(00.01) 2: Error (criu/files-reg.c:2175): File tmp/e3/a has bad size 14 (expect 10)\n2: Error (criu/files.c:1221): Unable to open fd=3 id=0x12\nError (criu/cr-restore.c:2320): Restoring FAILED.",
    'a file is not the same on the target (File tmp/e3/a has bad size 14 (expect 10))',
  ],
  [
    "(00.02) Error (criu/files-ext.c:98): Can't dump file 17 of that type [600] (unknown anon_inode:[io_uring])\nError (criu/cr-dump.c:2098): Dumping FAILED.",
    "it uses io_uring (Can't dump file 17 of that type [600] (unknown anon_inode:[io_uring]))",
  ],
  [
    'Error (compel/src/lib/infect-rpc.c:68): Unable to connect a transport socket: Operation not permitted\nError (criu/cr-dump.c): Dumping FAILED.',
    'it has locked itself in (Landlock) (Unable to connect a transport socket: Operation not permitted)',
  ],
  ['Error (criu/tun.c:85): tun: Unable to create tun: No such file or directory\n', 'it gave no reason'],
  ['', 'it gave no reason'],
  ['Error (x.c:1): something \u001b[31mnew\n', 'something ?[31mnew'],
])('a log is told in one line: %#', (log, expected) => {
  expect(reasonInLog(log)).toBe(expected);
});
