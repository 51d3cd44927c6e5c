import { readFile, rm, stat } from 'node:fs/promises';
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
    if (record?.generation !== generation || record.phase === 'ended' || !needsLease(context, record))
      continue;
    // One that can't be renewed must not keep the others from it.
    await renew(context, record, echoMs).catch((error: unknown) => context.log.error(error));
  }
  if (guests.length > 0) context.warden.ensure();
  return {};
}

async function renew(context: GuestContext, record: GuestRecord, echoMs: number): Promise<void> {
  const until = leaseUntil(echoMs, protectionOf(record.spec).leaseMs, upMs());
  const before = await read(context, record);
  if (before === null || until > before) await write(context, record, until);
  // It may have ended, or left, meanwhile: nobody would take the file away again.
  const now = context.guests.find(record.job, record.cluster);
  if (!now || now.phase === 'ended') await rm(join(context.guests.dirOf(record), leaseFile), { force: true });
}

/** A mosd that was started anew: whoever looked at the leases may be gone too. */
export function watchLeases(context: GuestContext): void {
  if (context.guests.all().some((record) => record.phase !== 'ended' && needsLease(context, record)))
    context.warden.ensure();
}

/** Does it stand still because its lease is over? */
export async function isLapsed(context: GuestContext, record: GuestRecord): Promise<boolean> {
  return stat(join(context.guests.dirOf(record), lapsedFile)).then(
    () => true,
    () => false,
  );
}

/** Throws while a guest stands still because its lease is over: nothing may wake it but a renewal. */
export async function requireLease(context: GuestContext, record: GuestRecord): Promise<void> {
  if (!needsLease(context, record)) return;
  const until = await read(context, record);
  if (until === null || until <= upMs() || (await isLapsed(context, record)))
    throw new MoskitError(`the lease of job ${record.job} on node ${record.you} is over`);
}

async function read(context: GuestContext, record: GuestRecord): Promise<number | null> {
  const text = await readFile(join(context.guests.dirOf(record), leaseFile), 'utf8').catch(() => '');
  return parseLease(text);
}

/** ms since the machine was started; null when it says nothing. */
export function parseLease(text: string): number | null {
  return /^\d{1,14}\n$/.test(text) ? Number(text) * 10 : null;
}

function write(context: GuestContext, record: GuestRecord, untilMs: number): Promise<void> {
  const path = join(context.guests.dirOf(record), leaseFile);
  return writeFileAtomic(path, `${Math.floor(untilMs / 10)}\n`, { durable: false });
}
