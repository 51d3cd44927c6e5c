import { setTimeout as delay } from 'node:timers/promises';
import { connectMosd, type MosdClient } from '../../cluster/mosd-client.js';
import type { ClusterSnapshot } from '../../core/cluster-map.js';
import { MoskitError, messageOf } from '../../errors.js';
import type { JobControl } from '../../ui/snapshot-source.js';
import { describeOutcome } from '../move-text.js';
import { latestOf } from './latest.js';

const intervalMs = 1_000;
const againAfterMs = 1_000;
const signalMs = 10_000;

/** The user's own mosd, which pushes what it knows. When it goes away, the next one is asked: jobs go on meanwhile. */
export function mosdSource(running: MosdClient | null, env: NodeJS.ProcessEnv): JobControl {
  const closing = new AbortController();
  const isClosed = (): boolean => closing.signal.aborted;
  let client = running;
  closing.signal.addEventListener('abort', () => client?.close());

  async function* snapshots(onTrouble: (reason: string) => void): AsyncGenerator<ClusterSnapshot> {
    // Without a first one there is no point in going on: the reason is for the user.
    client ??= await connectMosd({ start: true, env });
    while (!isClosed()) {
      if (client) {
        yield* watch(client);
        client = null;
        if (!isClosed()) onTrouble('mosd has ended; starting it again');
      }
      client = await reconnect(onTrouble);
    }
  }

  async function reconnect(onTrouble: (reason: string) => void): Promise<MosdClient | null> {
    try {
      await delay(againAfterMs, undefined, { signal: closing.signal });
      const next = await connectMosd({ start: true, env });
      if (!isClosed()) return next;
      next.close();
    } catch (error) {
      if (!isClosed()) onTrouble(reasonOf(error));
    }
    return null;
  }

  return {
    snapshots,
    migrate: async (job, to) => {
      if (!client) return { kind: 'problem', text: `${job} stays: mosd does not run` };
      const outcome = await client.request('migrate', { target: job, to }, { timeoutMs: Infinity });
      return { kind: outcome.moved ? 'info' : 'problem', text: describeOutcome(outcome) };
    },
    signal: async (job, signal) => {
      if (!client) return { kind: 'problem', text: `${job} was sent nothing: mosd does not run` };
      await client.request('signal', { job, signal }, { timeoutMs: signalMs });
      return { kind: 'info', text: `${job}: ${signal} sent` };
    },
    close: () => closing.abort(),
  };
}

/** The snapshots of one mosd, until it ends. A reader that is slow gets the latest only. */
async function* watch(client: MosdClient): AsyncGenerator<ClusterSnapshot> {
  const latest = latestOf<ClusterSnapshot>();
  const stop = client.onNotification('snapshot', latest.put);
  void client.closed.then(latest.end);
  try {
    await client.request('watch', { intervalMs });
  } catch {
    client.close();
  }
  yield* latest;
  stop();
}

function reasonOf(error: unknown): string {
  const hint = error instanceof MoskitError && error.hint ? ` (${error.hint})` : '';
  return `${messageOf(error).split('\n')[0] ?? ''}${hint}`;
}
