import type { ClusterSnapshot } from '../core/cluster-map.js';

export interface Totals {
  readonly nodes: number;
  /** Nodes that answer. */
  readonly operational: number;
  readonly monitorOnly: number;
  readonly cpus: number;
  /** Of the nodes that answer; 100 = one process on a standard processor each. */
  readonly meanLoad: number;
  readonly usedKib: number;
  readonly totalKib: number;
  readonly jobs: number;
  readonly away: number;
  readonly moving: number;
}

export function totalsOf({ nodes, jobs }: ClusterSnapshot): Totals {
  const reports = nodes.flatMap(({ state, report }) => (report && state !== 'down' ? [report] : []));
  const alive = jobs.filter(({ state }) => state !== 'done' && state !== 'lost');
  const sum = (of: (report: (typeof reports)[number]) => number): number =>
    reports.reduce((total, report) => total + of(report), 0);
  return {
    nodes: nodes.length,
    operational: nodes.filter(({ state }) => state === 'up' || state === 'monitor-only').length,
    monitorOnly: nodes.filter(({ state }) => state === 'monitor-only').length,
    cpus: sum(({ cpus }) => cpus),
    meanLoad: reports.length === 0 ? 0 : sum(({ load }) => load) / reports.length,
    usedKib: sum(({ tmem, mem }) => tmem - mem),
    totalKib: sum(({ tmem }) => tmem),
    jobs: alive.length,
    away: alive.filter(({ where, home }) => where !== home).length,
    moving: alive.filter(({ state }) => state === 'moving').length,
  };
}
