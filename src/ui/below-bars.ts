import type { JobView, NodeView } from '../core/cluster-map.js';
import type { NodeId } from '../core/ids.js';
import { inColumn } from './bar-column.js';
import { cellsOf, clean } from './cells.js';
import type { ColumnPlan } from './columns.js';
import { formatAge } from './format.js';
import type { Row, Span } from './row.js';
import type { Glyphs, Style } from './theme.js';
import { isStale, type View } from './views.js';

export interface BelowInput {
  readonly view: View;
  readonly visible: readonly NodeView[];
  readonly jobs: readonly JobView[];
  readonly self: NodeId | 0;
  readonly pointedAt: NodeId | null;
  readonly plan: ColumnPlan;
  readonly labelWidth: number;
  /** Of the whole chart. */
  readonly height: number;
  readonly glyphs: Glyphs;
  readonly utf8: boolean;
}

/** Rows below the floor, the first of them the last to be given up when the chart is low. */
export function belowBars(input: BelowInput): readonly Row[] {
  const room = Math.max(0, Math.floor(input.height / 2) - 1 - input.plan.numberRows);
  const extra = [...jobRows(input), ...markRows(input), ...nameRows(input), ...problemRows(input)].slice(
    0,
    room,
  );
  return [...numberRows(input), ...extra];
}

function numberRows({ visible, plan, labelWidth, self, pointedAt }: BelowInput): readonly Row[] {
  const styleOf = ({ node, state }: NodeView): Style => {
    if (node === pointedAt) return 'accent';
    if (node === self) return 'bold';
    return state === 'down' ? 'dim' : 'plain';
  };
  if (plan.orientation === 'horizontal') {
    return [
      line(
        '',
        labelWidth,
        visible.map((view) => [styleOf(view), inColumn(String(view.node), plan)]),
      ),
    ];
  }
  return Array.from({ length: plan.numberRows }, (_, row) =>
    line(
      '',
      labelWidth,
      visible.map((view): Span => {
        const digits = String(view.node).padStart(plan.numberRows);
        return [styleOf(view), inColumn(digits[row] ?? ' ', plan)];
      }),
    ),
  );
}

/** Host names, where every one has room. */
function nameRows({ visible, plan, labelWidth, utf8 }: BelowInput): readonly Row[] {
  const names = visible.map(({ name }) => clean(name, utf8));
  const fits = names.every((name) => cellsOf(name) < plan.columnWidth);
  const saysMore = visible.some(({ node }, i) => names[i] !== String(node));
  if (!fits || !saysMore) return [];
  return [
    line(
      '',
      labelWidth,
      names.map((name) => ['dim', inColumn(name, plan)]),
    ),
  ];
}

/** A dot for each of our jobs, a ring for each guest of somebody else; processors in the speed view. */
function jobRows(input: BelowInput): readonly Row[] {
  const { visible, plan, labelWidth, view, glyphs } = input;
  if (view === 'speed') {
    const cpus = visible.map(({ report }) => report?.cpus ?? 0);
    if (cpus.every((n) => n <= 1)) return [];
    const times = plan.columnWidth > 3 ? glyphs.times : '';
    return [
      line(
        'cpus',
        labelWidth,
        cpus.map((n) => ['plain', inColumn(n > 0 ? `${times}${n}` : '', plan)]),
      ),
    ];
  }
  const here = jobsByNode(input.jobs);
  const cells = visible.map((node) => jobCell(here.get(node.node) ?? [], node, input));
  if (cells.every(([, text]) => text.trim() === '')) return [];
  return [line('jobs', labelWidth, cells)];
}

function jobsByNode(jobs: readonly JobView[]): ReadonlyMap<NodeId, readonly JobView[]> {
  const byNode = new Map<NodeId, JobView[]>();
  for (const job of jobs) {
    if (job.state === 'done' || job.state === 'lost') continue;
    const list = byNode.get(job.where);
    if (list) list.push(job);
    else byNode.set(job.where, [job]);
  }
  return byNode;
}

function jobCell(jobs: readonly JobView[], node: NodeView, { plan, glyphs }: BelowInput): Span {
  const own = jobs.filter(({ home }) => home !== node.node).length;
  const others = Math.max(0, (node.report?.guests ?? 0) - own);
  const count = jobs.length + others;
  const moving = jobs.filter(({ state }) => state === 'moving').length;
  const dots =
    glyphs.movingJob.repeat(moving) + glyphs.job.repeat(jobs.length - moving) + glyphs.guest.repeat(others);
  const room = Math.max(1, plan.columnWidth - 1);
  const text = count <= room ? dots : String(count);
  return ['accent', inColumn(text, plan)];
}

const mostProblems = 3;

/** Why dead nodes are dead. */
function problemRows({ visible, utf8 }: BelowInput): readonly Row[] {
  const dead = visible.filter(({ state, problem }) => state === 'down' && problem !== undefined);
  return dead
    .slice(0, mostProblems)
    .map(({ node, problem }) => [['dim', ` ${node} is dead: ${clean(problem ?? '', utf8)}`]]);
}

/** What is special about a node, as long as it fits. */
function markRows({ visible, plan, labelWidth }: BelowInput): readonly Row[] {
  const marks = visible.map(markOf);
  // What is true of all (a cluster watched over sh) need not be said of each.
  if (visible.every(({ state }) => state === 'monitor-only')) return [];
  if (marks.every((mark) => mark.length === 0)) return [];
  const spans = marks.map((mark): Span => {
    const fitting = mark.find((word) => word.length < Math.max(2, plan.columnWidth)) ?? '';
    return ['warning', inColumn(fitting, plan)];
  });
  return [line('', labelWidth, spans)];
}

/** The same mark from its longest to its shortest form; empty = nothing special. */
export function markOf(node: NodeView): readonly string[] {
  const { state, ageMs, report } = node;
  if (state === 'monitor-only') return ['monitor only', 'monitor', 'mon', 'm'];
  if (state === 'down') return [];
  if (isStale(node)) return [`${formatAge(ageMs ?? 0)} old`, formatAge(ageMs ?? 0).replace(' ', ''), 'o'];
  if (report?.block) return ['block', 'blk', 'b'];
  if (report?.quiet) return ['quiet', 'qui', 'q'];
  if (report?.stay) return ['stay', 's'];
  return [];
}

function line(label: string, labelWidth: number, spans: readonly Span[]): Row {
  return [['dim', `${label.padStart(labelWidth)}  `], ...spans];
}
