import type { ClusterSnapshot, JobView, NodeView } from '../../src/core/cluster-map.js';
import { aDeadNode, aJob, aMove, aNode, aSnapshot } from './cluster-fixture.js';

const commands = [
  'xz -9 -T1 backup-2026-10.tar',
  'python3 anneal.py --seed 7 --steps 200000',
  'sha256sum /data/images/disk-a.img',
  './mandel 4000 4000 zoom-17.ppm',
  'node simulate.mjs --rounds 500',
  'gcc -O3 -c very/long/path/of/a/source/file/that/is/cut.c -o build/out.o',
  'primes 30000000',
  'povray +Iglass.pov +W1920 +H1080 +A0.3',
];
const speeds = [10_000, 10_000, 12_400, 21_500, 8_700, 15_000];
const whys = [
  'balance the load',
  'to a faster node',
  'balance the load',
  'this node is out of memory',
  'asked',
] as const;
const gib = 1024 * 1024;

/** A cluster in which jobs wander from node 1 to the others: what `tick` seconds after the start looks like. */
export function livelySnapshot(
  count: number,
  jobCount: number,
  tick: number,
  startMs: number,
): ClusterSnapshot {
  const jobs = Array.from({ length: jobCount }, (_, i) => livelyJob(i, count, tick, startMs));
  const nodes = Array.from({ length: count }, (_, i) => livelyNode(i + 1, jobs, tick));
  return aSnapshot(nodes, jobs, [], startMs + tick * 1000);
}

function livelyJob(i: number, count: number, tick: number, startMs: number): JobView {
  const period = 6 + (i % 5);
  const nmigs = Math.floor((tick + i) / period);
  const where = (at: number): number =>
    at === 0 ? 1 : ((i * 5 + at * 2) % Math.max(1, Math.min(count, 6))) + 1;
  const moves = nmigs > 0 && where(nmigs) !== where(nmigs - 1);
  const moving = (tick + i) % period === period - 1 && where(nmigs + 1) !== where(nmigs);
  return aJob(i + 1, {
    where: where(nmigs),
    nmigs,
    state: moving ? 'moving' : i === 6 ? 'stopped' : 'running',
    ...(moving ? { moving: { to: where(nmigs + 1), step: 'memory pages, 12 of 34 MiB' } } : {}),
    ...(moves
      ? {
          lastMove: {
            ...aMove(
              where(nmigs - 1),
              where(nmigs),
              startMs + (nmigs * period - i) * 1000,
              whys[(i + nmigs) % whys.length],
            ),
            frozenMs: 300 + ((i * 370 + nmigs * 130) % 1500),
            bytes: (8 + ((i * 31) % 260)) * 1024 * 1024,
          },
        }
      : {}),
    cpu: i === 6 ? 0 : 0.4 + ((i * 17 + tick) % 60) / 100,
    rssKib: 8_000 + ((i * 91_777) % 400_000),
    command: commands[i % commands.length]!,
    cantmove: i === 5 ? ['its memory is shared with a process outside the job'] : [],
  });
}

function livelyNode(node: number, jobs: readonly JobView[], tick: number): NodeView {
  if (node % 17 === 5 && node > 5) return aDeadNode(node);
  const here = jobs.filter(({ where }) => where === node).length;
  const wave = Math.max(0, Math.sin(node * 1.7 + tick / 9)) * 40;
  const speed = speeds[node % speeds.length]!;
  return aNode(node, node % 13 === 5 && node > 5 ? { state: 'monitor-only' } : {}, {
    load: Math.round(here * 38 * (10_000 / speed) * 2 + wave),
    util: Math.min(100, here * 50 + wave),
    speed,
    cpus: [2, 4, 8, 2][node % 4]!,
    mem: Math.round((6 - here * 0.8 - wave / 40) * gib),
    rmem: Math.round((3 - here * 0.3) * gib),
    tmem: (node % 3 === 0 ? 16 : 8) * gib,
    guests:
      jobs.filter(({ where, home }) => where === node && home !== node).length + (node % 11 === 3 ? 1 : 0),
  });
}
