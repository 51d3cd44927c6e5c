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

/** The most common causes, and what helps. */
const advices: readonly (readonly [RegExp, string])[] = [
  [
    /bad size/i,
    'a file that the job has open or mapped has another size there: same packages on both nodes, or carry the file',
  ],
  [
    /build-id/i,
    'a program or library of the job is another build there: the same version of that package on both nodes',
  ],
  [
    /seccomp/i,
    'the job has seccomp filters that this kernel or CRIU can not set again: start it without its sandbox',
  ],
  [
    /yama|ptrace_scope/i,
    'kernel.yama.ptrace_scope forbids tracing: sysctl kernel.yama.ptrace_scope=1, or CRIU with its capabilities',
  ],
  [
    /ptrace|seize/i,
    'a process can not be traced: a debugger or strace on it? in a container: CAP_SYS_PTRACE; see /proc/sys/kernel/yama/ptrace_scope',
  ],
  [
    /CAP_CHECKPOINT_RESTORE|Operation not permitted|EPERM|not have enough privileges|Permission denied/i,
    'CRIU lacks rights: setcap cap_checkpoint_restore,cap_sys_ptrace+eip on criu, or sudo for it; mosctl why JOB says what is found',
  ],
  [
    /Connected TCP|tcp.*(established|connected)|inet.*socket/i,
    'the job has an open network connection: let it close that, or move it by --driver app or restart',
  ],
  [
    /io_uring/i,
    'the job uses io_uring, which CRIU can not save: for many programs a setting turns it off (UV_USE_IO_URING=0)',
  ],
  [
    /inotify|fanotify|fsnotify/i,
    'a watched file or folder is not there, or can not be found by its handle: watch nothing that does not move along',
  ],
  [
    /nested|namespace|unshare/i,
    'the job has made namespaces of its own (a container, a sandbox), which can not be nested: move what is around them, or --driver app',
  ],
  [/No space left|ENOSPC/i, 'there is no room for the image: df on the jobs folder of both nodes'],
  [/Cannot allocate memory|ENOMEM/i, 'there is not enough memory on that node'],
  [
    /No such file or directory|Can't open file|Can't stat/i,
    'a file that the job has open is not there under its path: the same path must exist on both nodes',
  ],
  [
    /File exists|busy|do not match/i,
    'a process number of the job is taken there: run as root, where each job has numbers of its own, or try another node',
  ],
  [
    /flushed|page-xfer|Connection reset|Broken pipe/i,
    'the other side or the link ended in the middle of the memory: look at that node first',
  ],
];
const mostLines = 12;

/** For --debug: the lines of its log that count, and what to try. */
export function explainLog(step: string, log: string): readonly string[] {
  const lines = log
    .split('\n')
    .filter((line) => /\b(Error|Warn)\b/.test(line) && !harmless.test(line))
    .map((line) =>
      line
        .replace(/[^\x20-\x7e]/g, '?')
        .trim()
        .slice(0, 300),
    );
  const errors = lines.filter((line) => /\bError\b/.test(line));
  const shown = (errors.length > 0 ? errors : lines).slice(0, mostLines);
  const more = errors.length > mostLines ? [`… and ${errors.length - mostLines} more`] : [];
  const advice = advices.filter(([pattern]) => pattern.test(errors.join('\n'))).slice(0, 2);
  return [
    `${step} failed; its log:`,
    ...(shown.length > 0 ? shown : ['(no error in it)']).map((line) => `  ${line}`),
    ...more,
    ...advice.map(([, text]) => `try: ${text}`),
  ];
}

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
