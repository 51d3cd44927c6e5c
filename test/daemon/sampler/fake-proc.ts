import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { hostFolder } from '../../core/proc/fixtures.js';

export interface FakeMachine {
  readonly procRoot: string;
  readonly cgroupRoot: string;
  /** Changes a file of it, for example `proc/loadavg`. */
  write(path: string, text: string): void;
  remove(path: string): void;
}

/** A copy of a captured machine that a test may change. */
export function copyMachine(host: string): FakeMachine {
  const folder = mkdtempSync(join(tmpdir(), 'moskit-proc-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(hostFolder(host), folder, { recursive: true, verbatimSymlinks: true });
  return {
    procRoot: join(folder, 'proc'),
    cgroupRoot: folder,
    write: (path, text) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    },
    remove: (path) => rmSync(join(folder, path), { recursive: true }),
  };
}

/** A /proc/[pid]/stat line. */
export function statLine(fields: {
  readonly pid: number;
  readonly ppid?: number;
  readonly state?: string;
  readonly ticks?: number;
  readonly waitedTicks?: number;
  readonly threads?: number;
  readonly startTicks?: number;
  readonly rssPages?: number;
}): string {
  const {
    pid,
    ppid = 1,
    state = 'S',
    ticks = 0,
    waitedTicks = 0,
    threads = 1,
    startTicks = 5,
    rssPages = 10,
  } = fields;
  return `${pid} (some) job) ${state} ${ppid} ${pid} ${pid} 0 -1 0 0 0 0 0 ${ticks} 0 ${waitedTicks} 0 20 0 ${threads} 0 ${startTicks} 1000 ${rssPages} 0\n`;
}
