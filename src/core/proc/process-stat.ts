/** The fields of /proc/[pid]/stat (proc_pid_stat(5)) that are used here. Times are in clock ticks. */
export interface ProcessStat {
  readonly pid: number;
  readonly comm: string;
  /** `R` running or waiting for a processor, `S`, `D`, `T`, `Z`, … */
  readonly state: string;
  readonly ppid: number;
  readonly pgrp: number;
  readonly session: number;
  readonly utimeTicks: number;
  readonly stimeTicks: number;
  /** Of children that ended and were waited for. */
  readonly cutimeTicks: number;
  readonly cstimeTicks: number;
  readonly nice: number;
  readonly threads: number;
  /** Since boot. With the pid it names one process for ever. */
  readonly startTicks: number;
  readonly rssPages: number;
}

const fieldsAfterComm = 22;

/** Null when the text is no stat line. `comm` may hold blanks, parentheses and newlines, so the last `)` ends it. */
export function parseProcessStat(text: string): ProcessStat | null {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const pid = open > 0 ? Number(text.slice(0, open)) : NaN;
  const rest = text
    .slice(close + 1)
    .trim()
    .split(' ');
  if (!Number.isInteger(pid) || close < open || rest.length < fieldsAfterComm) return null;
  /** Numbered as in the manual page, where comm is 2 and the state 3. */
  const field = (n: number): number => Number(rest[n - 3]);
  const stat: ProcessStat = {
    pid,
    comm: text.slice(open + 1, close),
    state: rest[0] ?? '',
    ppid: field(4),
    pgrp: field(5),
    session: field(6),
    utimeTicks: field(14),
    stimeTicks: field(15),
    cutimeTicks: field(16),
    cstimeTicks: field(17),
    nice: field(19),
    threads: field(20),
    startTicks: field(22),
    rssPages: field(24),
  };
  return Object.values(stat).some(Number.isNaN) ? null : stat;
}
