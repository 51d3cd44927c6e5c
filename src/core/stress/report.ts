import type { NodeId } from '../ids.js';

/** How one step of the stress test ended. `refused`: the cluster said why it does not do such a thing (no CRIU, …). */
export interface StressResult {
  /** `moving`, `copies to node 3`, … */
  readonly step: string;
  readonly outcome: 'passed' | 'failed' | 'refused';
  /** Figures of a step that passed, the reason of one that did not. */
  readonly detail: string;
  readonly ms: number;
}

/** Load of the nodes at one moment; null = it did not answer. */
export interface StressSample {
  readonly ms: number;
  readonly load: Readonly<Record<NodeId, number | null>>;
}

export interface StressReport {
  readonly version: string;
  readonly startedAt: string;
  readonly nodes: readonly { readonly node: NodeId; readonly name: string; readonly about: string }[];
  readonly results: readonly StressResult[];
  readonly samples: readonly StressSample[];
  /** Steps that there was no time for. */
  readonly left: readonly string[];
}

export function countOf(report: StressReport, outcome: StressResult['outcome']): number {
  return report.results.filter((result) => result.outcome === outcome).length;
}

export function summaryOf(report: StressReport): string {
  const left = report.left.length === 0 ? '' : `, ${report.left.length} not reached`;
  return `${countOf(report, 'passed')} passed, ${countOf(report, 'failed')} failed, ${countOf(report, 'refused')} refused${left}`;
}

export function formatStressText(report: StressReport): string {
  const width = Math.max(0, ...report.results.map(({ step }) => step.length));
  return [
    `moskit ${report.version}, stress test of ${report.startedAt}`,
    '',
    ...report.nodes.map(({ node, name, about }) => `node ${node} (${name}): ${about}`),
    '',
    ...report.results.map(
      ({ step, outcome, detail, ms }) =>
        `${outcome.padEnd(7)}  ${step.padEnd(width)}  ${(ms / 1000).toFixed(1).padStart(7)} s  ${detail}`,
    ),
    ...report.left.map((step) => `no time  ${step}`),
    '',
    summaryOf(report),
    '',
  ].join('\n');
}
