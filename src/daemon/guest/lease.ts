import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { protectionOf } from '../../core/job-spec.js';
import { isLeased, leaseUntil } from '../../core/protection.js';
import { MoskitError } from '../../errors.js';
import type { GuestMethods } from '../../protocol/guest-messages.js';
import { writeFileAtomic } from '../../state/atomic-file.js';
import { upMs } from '../up-time.js';
import { lapsedFile, leaseFile } from './lease-files.js';
import type { GuestRecord } from './record.js';
import type { HomeIdentity } from './registry.js';
import type { GuestContext } from './service.js';

/**
 * A guest that may be started elsewhere runs under a lease: the file `lease` beside its record says until when, in
 * hundredths of seconds since this machine was started (so that a sh can compare it with /proc/uptime). The warden looks at
 * the files, because mosd may be killed; what it stops has a file `lapsed` for as long as it is stopped for that reason.
 *
 * Home itself starts its jobs elsewhere only when it is there, so those that run at home need no lease. */
function needsLease(context: GuestContext, record: GuestRecord): boolean {
  return (
    isLeased(protectionOf(record.spec)) && !context.isOwn({ cluster: record.cluster, home: record.home })
  );
}

/** The first lease, when the guest is admitted: whoever asks for that is there. */
export async function grantLease(context: GuestContext, record: GuestRecord): Promise<void> {
  if (!needsLease(context, record)) return;
  const nowMs = upMs();
  await write(context, record, leaseUntil(nowMs, protectionOf(record.spec).leaseMs, nowMs));
  context.warden.ensure();
}

/** From home: its guests may run on, counted from the reading of our clock that home heard last. */
export async function renewLeases(
  context: GuestContext,
  home: HomeIdentity,
  { echoMs, guests }: GuestMethods['guest.lease'][0],
): Promise<Record<string, never>> {
  for (const { job, generation } of guests) {
    const record = context.guests.find(job, home.cluster);
    if (record?.generation !== generation || !needsLease(context, record)) continue;
    const until = leaseUntil(echoMs, protectionOf(record.spec).leaseMs, upMs());
    const before = await read(context, record);
    if (before === null || until > before) await write(context, record, until);
  }
  if (guests.length > 0) context.warden.ensure();
  return {};
}

/** Throws while a guest stands still because its lease is over: nothing may wake it but a renewal. */
export async function requireLease(context: GuestContext, record: GuestRecord): Promise<void> {
  if (!needsLease(context, record)) return;
  const until = await read(context, record);
  const isLapsed = await stat(join(context.guests.dirOf(record), lapsedFile)).then(
    () => true,
    () => false,
  );
  if (until === null || until <= upMs() || isLapsed)
    throw new MoskitError(`the lease of job ${record.job} on node ${record.you} is over`);
}

async function read(context: GuestContext, record: GuestRecord): Promise<number | null> {
  const text = await readFile(join(context.guests.dirOf(record), leaseFile), 'utf8').catch(() => '');
  return /^\d+\n$/.test(text) ? Number(text) * 10 : null;
}

function write(context: GuestContext, record: GuestRecord, untilMs: number): Promise<void> {
  const path = join(context.guests.dirOf(record), leaseFile);
  return writeFileAtomic(path, `${Math.floor(untilMs / 10)}\n`, { durable: false });
}
