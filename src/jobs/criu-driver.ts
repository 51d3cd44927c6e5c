import { readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MoskitError } from '../errors.js';
import { admitCriu } from './criu-admission.js';
import { probeCriu } from './criu-probe.js';
import { criuError, findCriu, say, type Criu } from './criu-tools.js';
import type { Driver, JobProcess } from './driver.js';
import { readStat } from './proc.js';
import { continueTree, isAlive, killTree } from './process-tree.js';
import { startCriu } from './run-criu.js';
import { readExit } from './sandbox.js';

/** What both ends need to know of sockets, locks and deleted files (reference: criu(8)). */
const common = ['--file-locks', '--tcp-established', '--ext-unix-sk', '--manage-cgroups=ignore', '-v2'];
/** CRIU speaks with its page server over its stdout, which is a socket of ours: no port is opened anywhere. */
const pageSocket = ['--ps-socket', '1'];
const chownMs = 30_000;

export async function criuProblem(): Promise<string | null> {
  const found = await findCriu();
  return found.ok ? null : found.reason;
}

async function criuHere(): Promise<Criu> {
  const found = await findCriu();
  if (!found.ok) throw new MoskitError(found.reason);
  return found.criu;
}

/** Any process tree, unaware of it. */
export const criuDriver: Driver = {
  name: 'criu',
  probe: probeCriu,
  admit: admitCriu,

  freeze: async (job, pages) => {
    const exit = await readExit(job.folder);
    if (exit) return { kind: 'ended', exit };
    const criu = await criuHere();
    const args = [
      'dump',
      '-t',
      String(job.process.pid),
      '-D',
      job.imageDir,
      '-o',
      'dump.log',
      '--leave-stopped',
    ];
    const remote = pages ? ['--page-server', '--address', '127.0.0.1', '--port', '1', ...pageSocket] : [];
    const dump = startCriu(
      criu,
      [...args, '--link-remap', '--ghost-limit', '64M', ...remote, ...common],
      pages,
    );
    if ((await dump.code) !== 0) {
      const ended = await readExit(job.folder);
      if (ended && !(await isAlive(job.process))) return { kind: 'ended', exit: ended };
      throw await criuError('dump', join(job.imageDir, 'dump.log'));
    }
    await own(criu, job.imageDir);
    return { kind: 'frozen', bytes: await dumpedBytes(job.imageDir) };
  },
  thaw: async ({ process }) => {
    await continueTree(process);
    return process;
  },
  discard: ({ process }) => killTree(process),

  receivePages: async ({ imageDir }, pages) => {
    const criu = await criuHere();
    const args = ['page-server', '-D', imageDir, '-o', 'page-server.log', '-v2', ...pageSocket];
    const { code } = startCriu(criu, args, pages);
    const finish = async (): Promise<void> => {
      if ((await code) !== 0) throw await criuError('page-server', join(imageDir, 'page-server.log'));
      await own(criu, imageDir);
    };
    return { done: finish() };
  },
  restoreStopped: async ({ imageDir, folder }) => {
    const criu = await criuHere();
    const pidFile = join(imageDir, 'pid');
    await rm(pidFile, { force: true });
    const args = [
      'restore',
      '-D',
      imageDir,
      '-o',
      'restore.log',
      '-d',
      '--leave-stopped',
      '--pidfile',
      pidFile,
    ];
    const { code } = startCriu(criu, [...args, ...common], null);
    if ((await code) !== 0) throw await criuError('restore', join(imageDir, 'restore.log'));
    await own(criu, imageDir);
    return restoredProcess(Number((await readFile(pidFile, 'utf8')).trim()), folder.dir);
  },
  continue: async (_job, restored) => {
    if (!restored) throw new MoskitError('nothing was restored');
    await continueTree(restored);
    return restored;
  },
  discardRestored: async ({ imageDir }, restored) => {
    if (restored) await killTree(restored);
    await rm(imageDir, { recursive: true, force: true });
  },
};

/** Images that a privileged CRIU wrote must be readable to mosd, which sends them. */
async function own(criu: Criu, dir: string): Promise<void> {
  if (criu.privilege !== 'sudo') return;
  const owner = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  const { code, text } = await say([...criu.words.slice(0, -1), 'chown', '-R', owner, dir], chownMs);
  if (code !== 0)
    throw new MoskitError(`the image can't be handed over: sudo chown says: ${text.trim().slice(0, 200)}`);
}

/** Pages that went through the socket are counted by CRIU itself. */
async function dumpedBytes(dir: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(dir)) {
    if (name.endsWith('.img')) bytes += (await stat(join(dir, name))).size;
  }
  return bytes;
}

async function restoredProcess(pid: number, dir: string): Promise<JobProcess> {
  const stat = await readStat(pid);
  if (!stat) throw new MoskitError(`the restored job vanished (${dir})`);
  const inner =
    /^NSpid:\s+(.*)$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]?.split('\t') ?? [];
  const isOwnNamespace = inner.length > 1 && inner.at(-1) === '1' && (await isForeignNamespace(pid));
  return { pid, startTicks: stat.startTicks, mode: isOwnNamespace ? 'pidns' : 'plain' };
}

async function isForeignNamespace(pid: number): Promise<boolean> {
  return (await readlink(`/proc/${pid}/ns/pid`)) !== (await readlink('/proc/self/ns/pid'));
}
