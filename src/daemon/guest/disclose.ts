import type { Disclosure } from '../../core/cluster-map.js';
import type { JobRef } from '../../protocol/guest-messages.js';
import { guestKey } from './record.js';
import type { HomeIdentity } from './registry.js';
import type { GuestContext } from './service.js';

/** From now on this node tells so much of the guest; the next node is told when it gets the job. */
export function disclose(
  context: GuestContext,
  home: HomeIdentity,
  { job, disclosure }: JobRef & { readonly disclosure: Disclosure },
): Promise<Record<string, never>> {
  return context.guests.queue.run(guestKey(job, home.cluster), async () => {
    const record = context.guests.get(job, home.cluster);
    await context.guests.change(record, { spec: { ...record.spec, disclosure } });
    return {};
  });
}
