import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { MoskitError } from '../errors.js';
import { admitCriu } from './criu-admission.js';
import { probeCriu } from './criu-probe.js';
import { findCriu, type Criu } from './criu-tools.js';
import type { Driver, DriverJob, FreezeResult, JobProcess, PageReceiver } from './driver.js';
import { removeLinkRemaps } from './link-remaps.js';
import { namespaceOf, readStat } from './proc.js';
import { continueTree, isAlive, killTree } from './process-tree.js';
import { startCriu } from './run-criu.js';
import { readExit } from './sandbox.js';
import { argvOf } from './stdin-words.js';
import { noteStopped, stoppedBefore } from './stopped-before.js';
import { untraced } from './untraced.js';

/** What both ends need to know of locks, sockets and groups; the probe refuses what these can't save (criu(8)). */
const common = ['--file-locks', '--ext-unix-sk', '--manage-cgroups=ignore'];
/** Files without a name travel in the image; one that has another name gets a helping name for the time of the move. */
const removedFiles = ['--link-remap', '--ghost-limit', '64M'];
/** CRIU speaks with its page server over its stdout, which is a socket of ours: no port is opened anywhere. */
const pageSocket = ['--ps-socket', '1'];
const pidFileName = 'pid';

type Target = Omit<DriverJob, 'process'>;

/** Why CRIU can't be used on this machine; null = it can. Asked once. */
export async function criuProblem(): Promise<string | null> {
  const found = await findCriu();
  return found.ok ? null : found.reason;
}

async function criuHere(): Promise<Criu> {
  const found = await findCriu();
  if (!found.ok) throw new MoskitError(found.reason);
  return found.criu;
}

/** Moves any process tree, unaware of it: memory streams to the target, both sides stand still until the commit. */
export const criuDriver: Driver = {
  name: 'criu',
  probe: probeCriu,
  admit: admitCriu,
  freeze,
  thaw,
  discard: ({ process }) => killTree(process),
  receivePages,
  restoreStopped,
  continue: async (job, restored) => {
    if (!restored) throw new MoskitError('nothing was restored');
    await wake(restored, job.imageDir);
    return restored;
  },
  discardRestored: async ({ imageDir, folder }, restored) => {
    const left = restored ?? (await findRestored(imageDir, folder.dir));
    if (left) await killTree(left);
    await rm(imageDir, { recursive: true, force: true });
  },
};

/** A dump that fails has let the job run on. */
async function freeze(job: DriverJob, pages: Duplex | null): Promise<FreezeResult> {
  const { process, folder, imageDir } = job;
  const criu = await criuHere();
  await noteStopped(process, imageDir);
  const exit = await readExit(folder);
  if (exit) return { kind: 'ended', exit };
  const place = ['-t', String(process.pid), '-D', imageDir, '--leave-stopped'];
  const remote = pages ? ['--page-server', '--address', '127.0.0.1', '--port', '1', ...pageSocket] : [];
  try {
    await startCriu(criu, ['dump', ...place, ...removedFiles, ...remote, ...common], pages).done;
  } catch (error) {
    const ended = await readExit(folder);
    if (ended && !(await isAlive(process))) return { kind: 'ended', exit: ended };
    throw error;
  }
  return { kind: 'frozen', bytes: await imageBytes(imageDir) };
}

async function thaw({ process, imageDir }: DriverJob): Promise<JobProcess> {
  await untraced(process);
  await wake(process, imageDir);
  await removeLinkRemaps(process);
  return process;
}

async function wake(process: JobProcess, imageDir: string): Promise<void> {
  await continueTree(process, await stoppedBefore(process, imageDir));
}

async function receivePages({ imageDir }: Target, pages: Duplex): Promise<PageReceiver> {
  const criu = await criuHere();
  return startCriu(criu, ['page-server', '-D', imageDir, ...pageSocket], pages);
}

async function restoreStopped({ imageDir, folder }: Target): Promise<JobProcess> {
  const criu = await criuHere();
  const pidFile = join(imageDir, pidFileName);
  await rm(pidFile, { force: true });
  const place = ['-D', imageDir, '--pidfile', pidFile, '--restore-detached', '--leave-stopped'];
  await startCriu(criu, ['restore', ...place, ...common], null).done;
  const restored = await findRestored(imageDir, folder.dir);
  if (!restored) throw new MoskitError(`the restored job vanished (${folder.dir})`);
  return restored;
}

/** What CRIU brought up for this image, told by its recording sh; null when there is nothing (any more). */
async function findRestored(imageDir: string, dir: string): Promise<JobProcess | null> {
  const pid = Number(await readFile(join(imageDir, pidFileName), 'utf8').catch(() => '0'));
  const stat = pid > 0 ? await readStat(pid) : null;
  if (!stat || !(await argvOf(pid)).includes(dir)) return null;
  const isForeign = (await namespaceOf(pid, 'pid')) !== (await namespaceOf(globalThis.process.pid, 'pid'));
  return { pid, startTicks: stat.startTicks, mode: isForeign ? 'pidns' : 'plain' };
}

/** Without the pages that went to the target. */
async function imageBytes(dir: string): Promise<number> {
  const files = (await readdir(dir)).filter((name) => name.endsWith('.img'));
  const sizes = await Promise.all(files.map(async (name) => (await stat(join(dir, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
