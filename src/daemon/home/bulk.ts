import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { newTicket } from '../channel-tickets.js';
import type { NodeAccess } from '../node-access.js';

/** A byte pipe between two nodes that home holds together; each end is known by its ticket. */
export interface Relay {
  readonly sourceTicket: string;
  readonly targetTicket: string;
  /** Bytes that went from source to target so far. */
  bytes(): number;
  /** Settles when the source has sent all; rejects when either side broke. */
  readonly done: Promise<void>;
  destroy(): void;
}

/** Opens both channels now, so that nothing has to be opened while a job stands still. */
export async function openRelay(
  source: NodeAccess,
  target: NodeAccess,
  onBytes?: (chunk: Buffer) => void,
): Promise<Relay> {
  const sourceTicket = newTicket();
  const targetTicket = newTicket();
  const [from, to] = await openBoth(
    source.open({ open: 'bulk', ticket: sourceTicket }),
    target.open({ open: 'bulk', ticket: targetTicket }),
  );
  let bytes = 0;
  from.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    onBytes?.(chunk);
  });
  const done = pump(from, to);
  done.catch(() => undefined);
  return {
    sourceTicket,
    targetTicket,
    bytes: () => bytes,
    done,
    destroy: () => {
      from.destroy();
      to.destroy();
    },
  };
}

/** CRIU's page transfer talks both ways; the way back ends when the way there has. */
async function pump(from: Duplex, to: Duplex): Promise<void> {
  const back = pipeline(to, from).catch(() => undefined);
  try {
    await pipeline(from, to, { end: true });
  } finally {
    void back;
  }
}

async function openBoth(a: Promise<Duplex>, b: Promise<Duplex>): Promise<[Duplex, Duplex]> {
  const [first, second] = await Promise.allSettled([a, b]);
  if (first.status === 'fulfilled' && second.status === 'fulfilled') return [first.value, second.value];
  for (const opened of [first, second]) if (opened.status === 'fulfilled') opened.value.destroy();
  throw (first.status === 'rejected' ? first.reason : (second as PromiseRejectedResult).reason) as Error;
}
