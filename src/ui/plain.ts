import type { ClusterSnapshot, NodeView } from '../core/cluster-map.js';
import { clean, padEnd, padStart } from './cells.js';
import { formatCpu, formatKib, formatLoad, plural } from './format.js';
import { jobRowsOf, type JobRow } from './job-rows.js';
import { totalsOf } from './totals.js';
import { markOf } from './below-bars.js';

/** A snapshot as lines of plain text: for pipes, files and terminals that can't place a cursor. */
export function plainSnapshot(snapshot: ClusterSnapshot, utf8: boolean): readonly string[] {
  const nodes = snapshot.nodes.toSorted((a, b) => a.node - b.node);
  const jobs = jobRowsOf(snapshot);
  return [
    ...table(
      nodeHeads,
      nodes.map((node) => nodeCells(node, utf8)),
    ),
    ...(jobs.length > 0
      ? [
          '',
          ...table(
            jobHeads,
            jobs.map((job) => jobCells(job, utf8)),
          ),
        ]
      : []),
    '',
    totalsLine(snapshot),
  ];
}

/** A heading that begins with `>` stands over numbers, at the right. */
const nodeHeads = [
  '>NODE',
  'NAME',
  'STATE',
  '>LOAD',
  '>UTIL',
  '>SPEED',
  '>CPUS',
  '>USED',
  '>TOTAL',
  '>GUESTS',
  'REMARK',
];
const jobHeads = ['JOB', '>PID', '>WHERE', 'STATE', '>NMIGS', '>CPU', '>RSS', 'COMMAND'];

function nodeCells(node: NodeView, utf8: boolean): readonly string[] {
  const { report, problem } = node;
  const readings = report
    ? [
        formatLoad(report.load),
        `${Math.round(report.util)}%`,
        String(Math.round(report.speed)),
        String(report.cpus),
        formatKib(Math.max(0, report.tmem - report.mem)),
        formatKib(report.tmem),
        String(report.guests),
      ]
    : ['-', '-', '-', '-', '-', '-', '-'];
  const state = node.state === 'down' ? 'DEAD' : node.state;
  const marks = node.state === 'monitor-only' ? [] : markOf(node).slice(0, 1);
  return [
    String(node.node),
    node.name,
    state,
    ...readings,
    [...marks, problem ?? ''].filter(Boolean).join(', '),
  ].map((text) => clean(text, utf8));
}

function jobCells(job: JobRow, utf8: boolean): readonly string[] {
  const where = job.movingTo === null ? String(job.where) : `${job.where}->${job.movingTo}`;
  return [
    job.job,
    job.pid === null ? '-' : String(job.pid),
    where,
    job.state,
    job.nmigs === null ? '-' : String(job.nmigs),
    formatCpu(job.cpu),
    formatKib(job.rssKib),
    clean(job.command, utf8),
  ];
}

function totalsLine(snapshot: ClusterSnapshot): string {
  const { operational, nodes, cpus, meanLoad, jobs, away } = totalsOf(snapshot);
  return [
    `nodes ${operational}/${nodes}`,
    plural(cpus, 'cpu'),
    `mean load ${formatLoad(meanLoad)}`,
    `${plural(jobs, 'job')}, ${away} away`,
  ].join(', ');
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const titles = heads.map((head) => head.replace('>', ''));
  const widths = titles.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)),
  );
  return [titles, ...rows].map((row) =>
    row
      .map((text, i) =>
        heads[i]?.startsWith('>') ? padStart(text, widths[i] ?? 0) : padEnd(text, widths[i] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
