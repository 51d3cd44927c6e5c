import type { JobId } from '../../core/ids.js';
import { deltaEntries } from '../../jobs/staging/delta.js';
import { emptyManifest, packManifest, parseManifest, type Manifest } from '../../jobs/staging/manifest.js';
import { sendTree } from '../../jobs/staging/send-tree.js';
import type { FilesRef } from '../../protocol/guest-messages.js';
import { newTicket } from '../channel-tickets.js';
import type { NodeAccess } from '../node-access.js';
import { openRelay, type Relay } from './bulk.js';
import type { CarryPlan } from './folder-plan.js';

const hourMs = 3_600_000;
const maxTransferBytes = 1024 ** 4;

/** Brings `part` of a job's things from one node to another; `known` is what the target has. Answers the bytes sent. */
export async function transfer(
  source: NodeAccess,
  target: NodeAccess,
  ref: FilesRef,
  options: {
    readonly known: Manifest;
    readonly skipBefore: Readonly<Record<string, number>>;
    readonly relay?: Relay;
    readonly only?: readonly string[];
  },
): Promise<number> {
  const relay = options.relay ?? (await openRelay(source, target));
  try {
    const [sent] = await Promise.all([
      source.call(
        'files.send',
        {
          ...ref,
          known: packManifest(options.known),
          only: options.only ?? null,
          ticket: relay.sourceTicket,
          skipBefore: options.skipBefore,
        },
        { timeoutMs: hourMs },
      ),
      target.call(
        'files.receive',
        { ...ref, ticket: relay.targetTicket, limitBytes: maxTransferBytes },
        { timeoutMs: hourMs },
      ),
    ]);
    return sent.bytes;
  } catch (error) {
    relay.destroy();
    throw error;
  }
}

export async function listRemote(node: NodeAccess, ref: FilesRef): Promise<Manifest> {
  return parseManifest((await node.call('files.list', ref, { timeoutMs: hourMs })).manifest);
}

/** Home's working folder into the job's folder on the node. */
export async function sendCarried(
  node: NodeAccess,
  job: { readonly job: JobId; readonly generation: number },
  cwd: string,
  plan: CarryPlan,
): Promise<void> {
  const ticket = newTicket();
  const channel = await node.open({ open: 'bulk', ticket });
  channel.on('error', () => undefined);
  const received = node.call(
    'files.receive',
    { ...job, part: 'cwd', ticket, limitBytes: Math.max(plan.bytes * 2, 64 * 1024 * 1024) },
    { timeoutMs: hourMs },
  );
  received.catch(() => channel.destroy());
  const { entries, deletes, sparseBefore } = deltaEntries(plan.manifest, emptyManifest());
  // what was written a moment ago is carried as it is: no second pass follows that would mend its time
  const sending = sendTree({ root: cwd, entries, deletes, sparseBefore, frozen: true, out: channel }).then(
    () => channel.end(),
  );
  sending.catch(() => channel.destroy());
  await Promise.all([received, sending]);
}
