/** Complaints that CRIU makes on machines where it works all the same. */
const harmless =
  /rlimit: Can't setup RLIMIT_NOFILE|Unable to create tun|Can't set SO_SNDBUFFORCE|setsockopt|tcp_cork|TCP_CORK|TCP_NODELAY/i;
/** What follows from an error, further down in the log. */
const consequence =
  /Dumping FAILED|Restoring FAILED|exited, status|killed by signal|Can't dump file|Unable to open fd|Dump files .* failed/i;

const meanings: readonly (readonly [RegExp, string])[] = [
  [/io_uring/, 'it uses io_uring'],
  [/Unable to connect a transport socket/, 'it has locked itself in (Landlock)'],
  [/Can't lookup mount/, 'it has a file open from another mount namespace'],
  [/bad size|bad build-id/, 'a file is not the same on the target'],
  [
    /Can't dump half of stream unix|external (stream )?socket|external sockets/i,
    'it is connected to a process outside of the job',
  ],
  [/Connected TCP|(inet|tcp).*socket/i, 'it has a network connection'],
  [/ghost file|ghost limit/i, 'it has a big removed file open'],
  [/Can't open file|Can't stat|No such file or directory/i, 'a file that it has open is missing'],
  [/vdso|vvar/i, 'criu and this kernel do not fit together'],
  [/No space left/i, 'the disk is full'],
  [/Cannot allocate memory/i, 'there is not enough memory'],
  [/session leader .* outside/i, 'its session began outside of the job'],
  [
    /pid .*(busy|exists?)|Pid \d+ do not match|can't (fork|clone).*File exists/i,
    'a process number that it needs is taken',
  ],
  [/Is it a debugger|seize task|ptrace/i, 'a process of it is being traced, or is not ours'],
  [/were not flushed|page-xfer|Connection reset|Broken pipe/i, 'the transfer of its memory broke off'],
];

/** Why a step of CRIU failed, in one line: what the first error means, and the error itself. */
export function reasonInLog(log: string): string {
  const errors = log
    .split('\n')
    .filter((line) => /\bError\b/.test(line) && !harmless.test(line))
    .map(tidy);
  const first = errors.find((line) => !consequence.test(line)) ?? errors[0];
  if (first === undefined) return 'it gave no reason';
  const meaning =
    meanings.find(([pattern]) => pattern.test(first)) ?? meanings.find(([pattern]) => pattern.test(log));
  return meaning ? `${meaning[1]} (${first})` : first;
}

/** Without time, PID and place in CRIU's source; file names in it are a program's, so nothing unprintable passes. */
function tidy(line: string): string {
  return line
    .replace(/^.*?Error\s*\([^)]*\):\s*/, '')
    .replace(/[^\x20-\x7e]/g, '?')
    .trim()
    .slice(0, 300);
}
