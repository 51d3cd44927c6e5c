import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MoskitError } from '../../errors.js';
import type { DriverName } from '../../core/job-spec.js';
import { driverNamed } from '../../jobs/choose-driver.js';
import { treeOf } from '../../jobs/process-tree.js';
import { deltaEntries, mappedForWriting, type Delta } from '../../jobs/staging/delta.js';
import { listTree } from '../../jobs/staging/list-tree.js';
import { displayPath } from '../../jobs/staging/byte-path.js';
import { packManifest, parseManifest, type Manifest } from '../../jobs/staging/manifest.js';
import { receiveTree } from '../../jobs/staging/receive-tree.js';
import { sendTree } from '../../jobs/staging/send-tree.js';
import type { FilesRef, GuestMethods, MoveRef } from '../../protocol/guest-messages.js';
import { checkpointDirOf, guestKey, imageDirOf, snapshotDirOf, type GuestRecord } from './record.js';
import { targetJobOf, type HomeIdentity } from './registry.js';
import type { GuestContext } from './service.js';

const maxEntries = 1_000_000;
/** Files of a job's folder that only grow. */
export const spoolFiles = ['stdout', 'stderr', 'stdin.data'] as const;

/** What was sent of a folder last: tells the second pass which files changed since. */
const lastSent = new Map<string, Manifest>();

/** The guest is gone: nothing of its transfers is needed any more. */
export function forgetTransfers(key: string): void {
  for (const part of ['job', 'cwd', 'image'] as const) lastSent.delete(`${key}/${part}`);
  receiving.delete(key);
}

function rootOf(record: GuestRecord, ref: FilesRef): string {
  if (ref.part === 'image') return imageDirOf(record, ref.generation);
  if (ref.part === 'snapshot') return snapshotDirOf(record);
  if (ref.part === 'checkpoint') return checkpointDirOf(record, ref.generation);
  return ref.part === 'cwd' ? join(record.folder.dir, 'cwd') : record.folder.dir;
}

async function manifestOf(root: string): Promise<Manifest> {
  const listing = await listTree(root, { limitEntries: maxEntries });
  if (listing.kind === 'too-large') throw new MoskitError(`${root} holds more than ${maxEntries} files`);
  return listing.manifest;
}

export async function listFiles(
  context: GuestContext,
  home: HomeIdentity,
  ref: FilesRef,
): Promise<{ readonly manifest: unknown }> {
  return { manifest: packManifest(await manifestOf(rootOf(context.guests.get(ref.job, home.cluster), ref))) };
}

/** Sends what differs from `known` (or exactly `only`). The tree may be running: the second pass, frozen, mends that. */
export async function sendFiles(
  context: GuestContext,
  home: HomeIdentity,
  params: GuestMethods['files.send'][0],
): Promise<{ readonly manifest: unknown; readonly bytes: number }> {
  const channel = await context.tickets.take(params.ticket);
  try {
    const record = context.guests.get(params.job, home.cluster);
    const root = rootOf(record, params);
    const manifest = await manifestOf(root);
    const key = `${guestKey(params.job, home.cluster)}/${params.part}`;
    const always = record.phase === 'frozen' ? await mappedFiles(record, root) : new Set<string>();
    const delta =
      params.only === null
        ? deltaOf(manifest, params, { before: lastSent.get(key), always })
        : pick(manifest, params.only);
    const sent = await sendTree({
      root,
      entries: delta.entries,
      deletes: delta.deletes,
      sparseBefore: delta.sparseBefore,
      frozen: record.phase === 'frozen' || record.phase === 'ended' || isAtRest(params),
      out: channel,
    });
    if (record.phase === 'running' && !isAtRest(params)) lastSent.set(key, manifest);
    else lastSent.delete(key);
    const torn = sent.unstable[0];
    // What a move took away meanwhile may be missing without having been missed.
    if (isAtRest(params) && context.guests.find(params.job, home.cluster)?.generation !== record.generation)
      throw new MoskitError(`job ${params.job} left this node while its image was sent`);
    if ((record.phase === 'frozen' || isAtRest(params)) && torn) {
      throw new MoskitError(
        `${displayPath(torn.path)} ${torn.reason} while the job stood still: its copy can't be relied on`,
      );
    }
    return { manifest: packManifest(manifest), bytes: sent.bytes };
  } finally {
    channel.end();
    channel.resume(); // nothing more is to come, but the end must be seen for the socket to go
  }
}

/** What no job writes to: copies made of it. */
function isAtRest({ part }: FilesRef): boolean {
  return part === 'snapshot' || part === 'checkpoint' || part === 'image';
}

/** Files that the job, which stands still, has mapped for writing: their times do not tell of its stores. */
export async function mappedFiles(record: GuestRecord, root: string): Promise<ReadonlySet<string>> {
  if (!record.process) return new Set();
  const maps = await Promise.all(
    (await treeOf(record.process)).map((pid) => readFile(`/proc/${pid}/maps`, 'latin1').catch(() => '')),
  );
  return new Set(maps.flatMap((text) => [...mappedForWriting(text, root)]));
}

function deltaOf(
  manifest: Manifest,
  params: GuestMethods['files.send'][0],
  { before, always }: { readonly before: Manifest | undefined; readonly always: ReadonlySet<string> },
): Delta {
  const delta = deltaEntries(manifest, parseManifest(params.known), {
    ...(before ? { sentBefore: before } : {}),
    always,
    appendOnly: new Set<string>(params.part === 'job' ? spoolFiles : []),
  });
  const sparseBefore = new Map(delta.sparseBefore);
  for (const [path, skip] of Object.entries(params.skipBefore)) {
    const entry = delta.entries.find((candidate) => candidate.path === path);
    if (entry) sparseBefore.set(path, Math.min(entry.size, Math.max(skip, sparseBefore.get(path) ?? 0)));
  }
  return { ...delta, sparseBefore };
}

function pick(
  manifest: Manifest,
  paths: readonly string[],
): Pick<Delta, 'entries' | 'deletes' | 'sparseBefore'> {
  const wanted = new Set(paths);
  return {
    entries: manifest.entries.filter((entry) => wanted.has(entry.path)),
    deletes: [],
    sparseBefore: new Map(),
  };
}

export async function receiveFiles(
  context: GuestContext,
  home: HomeIdentity,
  params: FilesRef & { readonly ticket: string; readonly limitBytes: number },
): Promise<{ readonly bytes: number }> {
  const channel = await context.tickets.take(params.ticket);
  try {
    const root = rootOf(preparedHere(context, home, params), params);
    await mkdir(root, { recursive: true, mode: 0o700 });
    const received = await receiveTree({
      root,
      input: channel,
      limitBytes: params.limitBytes,
      limitEntries: maxEntries,
    });
    return { bytes: received.bytes };
  } finally {
    channel.destroy();
  }
}

/** Only a job that was admitted and has not started takes files: what runs is never written over. */
function preparedHere(context: GuestContext, home: HomeIdentity, ref: MoveRef): GuestRecord {
  const record = context.guests.get(ref.job, home.cluster);
  if (record.phase !== 'prepared' || record.generation !== ref.generation) {
    throw new MoskitError(
      `job ${ref.job} is ${record.phase} as generation ${record.generation}: no files are taken`,
    );
  }
  return record;
}

/** Transfers of pages that are under way, by guest. */
const receiving = new Map<string, Promise<void>>();

/** Answers when the receiver stands: only then may the source begin to send. */
export async function openPages(
  context: GuestContext,
  home: HomeIdentity,
  params: MoveRef & { readonly driver: DriverName; readonly ticket: string },
): Promise<Record<string, never>> {
  const driver = driverNamed(params.driver);
  if (!driver.receivePages) throw new MoskitError(`driver ${params.driver} has no pages`);
  const record = preparedHere(context, home, params);
  await mkdir(imageDirOf(record, params.generation), { recursive: true, mode: 0o700 });
  const channel = await context.tickets.take(params.ticket);
  const { done } = await driver
    .receivePages(targetJobOf(record, params.generation), channel)
    .catch((error: unknown) => {
      channel.destroy();
      throw error;
    });
  const finished = done.finally(() => channel.destroy());
  finished.catch(() => undefined);
  receiving.set(guestKey(params.job, home.cluster), finished);
  return {};
}

/** Answers when all pages are on the disk. */
export async function receivePages(
  _context: GuestContext,
  home: HomeIdentity,
  ref: MoveRef,
): Promise<Record<string, never>> {
  const key = guestKey(ref.job, home.cluster);
  const done = receiving.get(key);
  if (!done) throw new MoskitError(`no pages of job ${ref.job} are expected`);
  await done.finally(() => receiving.delete(key));
  return {};
}
