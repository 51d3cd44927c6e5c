import type { ClusterSnapshot, JobView, NodeReport } from '../cluster-map.js';
import { isAlive, type ExportNode } from './nodes.js';

type Labels = Readonly<Record<string, string>>;
interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

const kib = 1024;

/** Of a node that answers; names end in the unit, as Prometheus asks. */
const gauges: readonly (readonly [name: string, help: string, read: (report: NodeReport) => number])[] = [
  ['load', 'Exported load; 100 is one process on a standard processor.', ({ load }) => load],
  ['speed', 'Speed of one processor; 10000 is the standard processor.', ({ speed }) => speed],
  ['cpus', 'Processors that the node may use.', ({ cpus }) => cpus],
  ['utilization_ratio', 'Use of the processors, 0 to 1.', ({ util }) => util / 100],
  ['memory_available_bytes', 'Logical free memory: free, and what can be reclaimed.', ({ mem }) => mem * kib],
  ['memory_free_bytes', 'Physically free memory.', ({ rmem }) => rmem * kib],
  ['memory_size_bytes', 'Memory that the node may use.', ({ tmem }) => tmem * kib],
  ['guests', 'Jobs of other nodes that run on the node.', ({ guests }) => guests],
  ['blocked', '1 when the node takes no guests.', ({ block }) => (block ? 1 : 0)],
];

const jobStates = [
  'starting',
  'running',
  'stopped',
  'moving',
  'unreachable',
  'stranded',
  'done',
  'lost',
] as const;

/** The text format of Prometheus, for the textfile collector of its node exporter. */
export function exportPrometheus(nodes: readonly ExportNode[], snapshot: ClusterSnapshot): string {
  const labelled = nodes.map((node) => ({ node, labels: { node: `${node.node}`, address: node.address } }));
  const up = labelled.map(({ node, labels }) => ({ labels, value: isAlive(node) ? 1 : 0 }));
  const families = gauges.map(([name, help, read]) =>
    family(
      `moskit_node_${name}`,
      help,
      labelled.flatMap(({ node, labels }) =>
        isAlive(node) && node.report ? [{ labels, value: read(node.report) }] : [],
      ),
    ),
  );
  return [
    family('moskit_node_up', '1 when the node answers.', up),
    ...families,
    family('moskit_jobs', 'Jobs born on this node, by state.', jobSamples(snapshot.jobs)),
    family('moskit_jobs_away', 'Jobs born on this node that run elsewhere.', [
      { labels: {}, value: snapshot.jobs.filter(({ home, where }) => home !== where).length },
    ]),
  ].join('');
}

function jobSamples(jobs: readonly JobView[]): readonly Sample[] {
  return jobStates.map((state) => ({
    labels: { state },
    value: jobs.filter((job) => job.state === state).length,
  }));
}

function family(name: string, help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return '';
  const lines = samples.map(({ labels, value }) => `${name}${labelText(labels)} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines, ''].join('\n');
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
