import type {
  ClusterSnapshot,
  GuestView,
  JobView,
  MoveReason,
  NodeReport,
  NodeView,
} from '../../src/core/cluster-map.js';

const gib = 1024 * 1024;

export function aReport(part: Partial<NodeReport> = {}): NodeReport {
  return {
    load: 50,
    ownload: 50,
    speed: 10_000,
    cpus: 2,
    util: 50,
    mem: 5 * gib,
    rmem: 3 * gib,
    tmem: 8 * gib,
    guests: 0,
    freeslots: null,
    block: false,
    stay: false,
    lstay: false,
    quiet: false,
    drivers: ['criu', 'app', 'restart'],
    version: '0.1.0',
    ...part,
  };
}

export function aNode(
  node: number,
  part: Partial<NodeView> = {},
  report: Partial<NodeReport> = {},
): NodeView {
  return {
    node,
    name: `pc-${node}`,
    state: 'up',
    ageMs: 500,
    report: aReport(report),
    bandwidth: null,
    ...part,
  };
}

export function aDeadNode(node: number): NodeView {
  return aNode(node, { state: 'down', ageMs: null, report: null, problem: 'no route to host' });
}

export function aJob(number: number, part: Partial<JobView> = {}): JobView {
  return {
    job: `1-${number}`,
    pid: 4000 + number,
    home: 1,
    where: 1,
    state: 'running',
    nmigs: 0,
    generation: 0,
    cantmove: [],
    driver: 'criu',
    lock: false,
    cpu: 1,
    rssKib: 35_000,
    command: `sha256sum file-${number}`,
    startedAtMs: 0,
    ...part,
  };
}

export function aMove(from: number, to: number, atMs: number, why: MoveReason = 'balance the load') {
  return { from, to, why, driver: 'criu', atMs, frozenMs: 800, bytes: 34 * 1024 * 1024 };
}

export function aSnapshot(
  nodes: readonly NodeView[],
  jobs: readonly JobView[] = [],
  guests: readonly GuestView[] = [],
  atMs = 1_000_000,
): ClusterSnapshot {
  return { self: 1, atMs, sspeed: 10_000, nodes, jobs, guests };
}

/** The same small cluster in many tests: six nodes, node 5 monitor only, node 4 dead. */
export function sixNodes(): readonly NodeView[] {
  return [
    aNode(1, {}, { load: 142, util: 100, mem: 3 * gib }),
    aNode(2, {}, { load: 97, util: 98 }),
    aNode(3, {}, { load: 51, util: 60, cpus: 4, speed: 21_500 }),
    aDeadNode(4),
    aNode(5, { state: 'monitor-only' }, { load: 3, util: 2, drivers: [] }),
    aNode(6, {}, { load: 0, util: 0, mem: 8 * gib }),
  ];
}
