import { access, readFile, stat, statfs } from 'node:fs/promises';
import { arch } from 'node:os';
import { dirname } from 'node:path';
import { missingCpuFeatures } from '../core/cpu-features.js';
import { parseCpuinfo } from '../core/proc/cpuinfo.js';
import { parseMeminfo } from '../core/proc/meminfo.js';
import { findCriu, formatCriuVersion } from './criu-tools.js';
import type { FileFingerprint, MoveRequirements } from './driver.js';
import { parseRequirements } from './parse-requirements.js';
import { fingerprintOf } from './probe/fingerprint.js';

/** Room that an image and the restored job need beyond the job's memory. */
const spareKib = 16 * 1024;

/** Can this machine restore it? Null = yes; otherwise the first reason that was found. */
export async function admitCriu(asked: MoveRequirements): Promise<string | null> {
  const needs = parseRequirements(asked);
  return (
    (await criuReason(needs)) ??
    (await processorReason(needs)) ??
    (await clockReason(needs)) ??
    (await pidReason(needs.pids)) ??
    (await memoryReason(needs)) ??
    (await diskReason(needs)) ??
    (await folderReason(needs)) ??
    (await fileReason(needs.files))
  );
}

/** An image of a newer CRIU may hold what an older one does not know. */
async function criuReason({ criuVersion }: MoveRequirements): Promise<string | null> {
  const found = await findCriu();
  if (!found.ok) return found.reason;
  const isOlder =
    criuVersion !== null && Math.floor(found.criu.version / 100) < Math.floor(criuVersion / 100);
  if (!isOlder) return null;
  return `criu ${formatCriuVersion(found.criu.version)} here is older than the source's ${formatCriuVersion(criuVersion)}`;
}

async function processorReason(needs: MoveRequirements): Promise<string | null> {
  if (needs.arch !== arch()) return `the job's processor is ${needs.arch}, this one is ${arch()}`;
  const here = parseCpuinfo(await readFile('/proc/cpuinfo', 'utf8')).flags;
  const missing = missingCpuFeatures(needs.cpuFlags, here);
  return missing.length > 0 ? `the processor here lacks ${missing.slice(0, 8).join(', ')}` : null;
}

async function clockReason({ ownClock }: MoveRequirements): Promise<string | null> {
  if (ownClock !== true || (await exists('/proc/self/ns/time'))) return null;
  return 'the kernel here has no time namespaces';
}

async function pidReason(pids: readonly number[]): Promise<string | null> {
  for (const pid of pids) {
    if (await exists(`/proc/${pid}`)) return `process number ${pid}, which the job has, is taken here`;
  }
  return null;
}

async function memoryReason({ rssKib }: MoveRequirements): Promise<string | null> {
  const free = parseMeminfo(await readFile('/proc/meminfo', 'utf8'))?.availableKib;
  if (free === undefined || free >= rssKib + spareKib) return null;
  return `the job has ${mib(rssKib)} of memory, here are ${mib(free)} free`;
}

async function diskReason({ dir, rssKib }: MoveRequirements): Promise<string | null> {
  if (dir === undefined) return null;
  const folder = await nearestFolder(dirname(dir));
  const { bavail, bsize } = await statfs(folder);
  const freeKib = (bavail * bsize) / 1024;
  if (freeKib >= rssKib + spareKib) return null;
  return `the image needs ${mib(rssKib + spareKib)} in ${folder}, there are ${mib(freeKib)} free`;
}

async function nearestFolder(path: string): Promise<string> {
  let folder = path;
  while (folder !== '/' && !(await exists(folder))) folder = dirname(folder);
  return folder;
}

async function folderReason({ folders = [] }: MoveRequirements): Promise<string | null> {
  for (const folder of folders) {
    const stats = await stat(folder).catch(() => null);
    if (!stats?.isDirectory()) return `there is no folder ${folder} here, and the job has it open`;
  }
  return null;
}

async function fileReason(files: readonly FileFingerprint[]): Promise<string | null> {
  const reasons = await Promise.all(files.map((file) => differenceOf(file)));
  return reasons.find((reason) => reason !== null) ?? null;
}

async function differenceOf({ path, size, id }: FileFingerprint): Promise<string | null> {
  const stats = await stat(path).catch(() => null);
  if (!stats?.isFile()) return `there is no ${path} here`;
  // The size comes first: it spares the reading of what is another file anyway.
  if (stats.size !== size) return `${path} is not the same file here`;
  const here = await fingerprintOf(path);
  if (!here.ok) return here.reason;
  return here.fingerprint.id === id ? null : `${path} is not the same file here`;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function mib(kib: number): string {
  return `${Math.ceil(kib / 1024)} MiB`;
}
