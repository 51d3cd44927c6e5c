import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../../src/errors.js';
import type { Random } from '../../fuzz/random.js';
import { homes, type SoakNodes } from './soak-nodes.js';

export const eventKinds = ['move', 'block', 'unblock', 'expel', 'bring', 'kill'] as const;
export type EventKind = (typeof eventKinds)[number];

export interface EventCount {
  asked: number;
  /** Moves that took place, or events that were answered. */
  done: number;
  /** Why the others did not, in words. */
  readonly reasons: Map<string, number>;
}

export type EventCounts = Readonly<Record<EventKind, EventCount>>;

const moveMs = 120_000;
const awayMs = 1_500;
const often: readonly EventKind[] = [
  ...Array.from({ length: 12 }, () => 'move' as const),
  ...(['block', 'unblock', 'unblock', 'expel', 'bring', 'kill', 'kill', 'kill'] as const),
];

export function noEvents(): EventCounts {
  const none = (): EventCount => ({ asked: 0, done: 0, reasons: new Map() });
  return { move: none(), block: none(), unblock: none(), expel: none(), bring: none(), kill: none() };
}

/** One thing that happens to a cluster. Resolves when it is over; that something refuses is no failure. */
export async function disturbOnce(
  nodes: SoakNodes,
  random: Random,
  counts: EventCounts,
  killable: readonly number[],
): Promise<void> {
  const kind = random.pick(often);
  const act = eventOf(kind, nodes, random, killable);
  const count = counts[kind];
  count.asked += 1;
  const refused = await act().catch((error: unknown) => messageOf(error));
  if (refused === null) count.done += 1;
  else {
    const why = refused.replaceAll(/\d+(-\d+)?/g, 'N').slice(0, 100);
    count.reasons.set(why, (count.reasons.get(why) ?? 0) + 1);
  }
}

/** All chance is taken here, at once: what happens later depends on time, and must not change the order. */
function eventOf(
  kind: EventKind,
  nodes: SoakNodes,
  random: Random,
  killable: readonly number[],
): () => Promise<string | null> {
  const { length } = nodes.cluster.nodes;
  const home = random.pick(homes);
  const other = 1 + random.below(length);
  const which = random.below(1_000_000);
  const pauseMs = random.below(awayMs);
  switch (kind) {
    case 'move':
      return () => move(nodes, home, which, other);
    case 'block':
      return () => setBlock(nodes, other, 1);
    case 'unblock':
      return () => setBlock(nodes, other, 0);
    case 'expel':
      return async () => {
        await nodes.ask(other, (mosd) => mosd.request('expel', { timeoutMs: moveMs }, { timeoutMs: moveMs }));
        await delay(pauseMs);
        return setBlock(nodes, other, 0);
      };
    case 'bring':
      return () => bring(nodes, home, pauseMs);
    case 'kill': {
      const victim = killable[which % killable.length]!;
      return () => kill(nodes, victim, pauseMs);
    }
  }
}

async function move(nodes: SoakNodes, home: number, which: number, to: number): Promise<string | null> {
  return nodes.ask(home, async (mosd) => {
    const jobs = await mosd.request('jobs', { all: false });
    const movable = jobs.filter((job) => job.driver !== null);
    const job = movable[which % movable.length];
    if (!job) return 'nothing to move';
    const outcome = await mosd.request('migrate', { target: job.job, to }, { timeoutMs: moveMs });
    return outcome.moved ? null : outcome.reason;
  });
}

async function setBlock(nodes: SoakNodes, n: number, block: 0 | 1): Promise<null> {
  await nodes.ask(n, (mosd) => mosd.request('setAdmin', { admin: { block } }));
  return null;
}

async function bring(nodes: SoakNodes, home: number, pauseMs: number): Promise<null> {
  await nodes.ask(home, (mosd) => mosd.request('bring', { timeoutMs: moveMs }, { timeoutMs: moveMs }));
  await delay(pauseMs);
  await nodes.ask(home, (mosd) => mosd.request('setAdmin', { admin: { lstay: 0 } }));
  return null;
}

/** It comes up again when somebody asks for it: whoever has a job there, or we. */
async function kill(nodes: SoakNodes, n: number, pauseMs: number): Promise<null> {
  process.kill(await nodes.mosdPid(n), 'SIGKILL');
  await delay(pauseMs);
  await nodes.ask(n, (mosd) => mosd.request('ping', {}));
  return null;
}

/** No node refuses anything any more. */
export async function calm(nodes: SoakNodes): Promise<void> {
  for (const { n } of nodes.cluster.nodes)
    await nodes.ask(n, (mosd) => mosd.request('setAdmin', { admin: { block: 0, lstay: 0 } }));
}
