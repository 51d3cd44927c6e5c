import { expect, it } from 'vitest';
import { explainLog, reasonInLog } from '../../src/jobs/criu-log.js';

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

it.each([
  [
    'Error (criu/files-reg.c:2): File usr/bin/x has bad size 3 (expect 4)',
    'try: a file that the job has open',
  ],
  ['Error (criu/files-reg.c:2): File usr/lib/x has bad build-id', 'try: a program or library'],
  ['Error (criu/seccomp.c:1): Can not set seccomp filter', 'try: the job has seccomp filters'],
  [
    'Error (criu/sk-inet.c:1): Connected TCP socket, consider using --tcp-established',
    'try: the job has an open network',
  ],
  ['Error (criu/files.c:1): unknown anon_inode:[io_uring]', 'try: the job uses io_uring'],
  ['Error (criu/fsnotify.c:1): inotify: can not find a path', 'try: a watched file'],
  ['Error (criu/util.c:1): write: No space left on device', 'try: there is no room'],
  [
    'Error (compel/ptrace.c:1): Unable to seize task 7: Operation not permitted',
    'try: a process can not be traced',
  ],
])('of %j is said what to try', (line, advice) => {
  const lines = explainLog(
    'criu restore on node2',
    `(00.1) fine\n(00.2) ${line}\n(00.3) \u001b]0;x\u0007Error (x.c:1): Restoring FAILED.`,
  );
  expect(lines[0]).toBe('criu restore on node2 failed; its log:');
  expect(lines[1]).toBe(`  (00.2) ${line}`);
  expect(lines.join('')).not.toMatch(/[\u0000-\u001f]/);
  expect(lines.find((text) => text.startsWith(advice))).toBeDefined();
});

it('a long log is cut, and says how much is left out', () => {
  const lines = explainLog('criu dump', 'Error (x.c:1): again\n'.repeat(500));
  expect(lines.length).toBeLessThan(20);
  expect(lines).toContain('… and 488 more');
});
