import { treeOf } from '../../jobs/process-tree.js';
import type { GuestRecord } from '../guest/record.js';
import type { Guests } from '../guest/registry.js';

/** The guest to whose process tree this PID belongs. */
export async function ownerPid(guests: Guests, pid: number): Promise<GuestRecord | null> {
  for (const guest of guests.all()) {
    if (!guest.process || guest.phase !== 'running') continue;
    if (guest.process.pid === pid || (await treeOf(guest.process)).includes(pid)) return guest;
  }
  return null;
}
