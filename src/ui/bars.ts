import type { JobView, NodeView } from '../core/cluster-map.js';
import type { NodeId } from '../core/ids.js';
import type { Axis } from './axis.js';
import { drawColumn } from './bar-column.js';
import { belowBars } from './below-bars.js';
import { padStart } from './cells.js';
import { planColumns, type ColumnPlan, type Numbering } from './columns.js';
import { fitRow, spread, type Row, type Span } from './row.js';
import type { Glyphs, Style, Theme } from './theme.js';
import { isStale, readingOf, views, type View } from './views.js';

export interface BarsInput {
  readonly view: View;
  readonly numbering: Numbering;
  /** All nodes that may be shown, in the order of their numbers. */
  readonly nodes: readonly NodeView[];
  readonly firstNode: NodeId;
  /** What the axis has to reach. */
  readonly highest: number;
  readonly self: NodeId | 0;
  readonly jobs: readonly JobView[];
  /** Node of the selected job, to be pointed at. */
  readonly pointedAt: NodeId | null;
  readonly width: number;
  readonly height: number;
}

/** Below this height a chart has no row for its title. */
const heightWithTitle = 8;
const rowsPerTick = 3;
const mostTicks = 6;
const rowsAroundChart = 4;

/** The bar chart: exactly `height` rows. */
export function drawBars(input: BarsInput, theme: Theme): readonly Row[] {
  const { width, height } = input;
  const { glyphs, utf8 } = theme;
  const axis = axisFor(input);
  const columns = chartColumns(input, axis);
  const below = belowBars({ ...input, ...columns, glyphs, utf8 });
  const title = height >= heightWithTitle ? [titleRow(input, columns.visible, glyphs)] : [];
  const chartHeight = Math.max(1, height - title.length - 1 - below.length);
  const rows = [
    ...title,
    ...chartRows(input, { ...columns, axis, height: chartHeight }, glyphs),
    floorRow(axis, columns.labelWidth, width, glyphs),
    ...below,
  ];
  return rows.slice(0, height).map((row) => fitRow(row, width, glyphs.ellipsis));
}

/** What of the nodes is on the screen: index of the first, and how many fit. */
export function scrollRange(input: BarsInput): { readonly first: number; readonly capacity: number } {
  const { plan } = chartColumns(input, axisFor(input));
  return { first: firstVisible(input.nodes, input.firstNode, plan.capacity), capacity: plan.capacity };
}

function axisFor({ view, highest, height }: BarsInput): Axis {
  const ticks = Math.floor((height - rowsAroundChart) / rowsPerTick);
  return views[view].axis(highest, Math.max(1, Math.min(ticks, mostTicks)));
}

interface Columns {
  readonly plan: ColumnPlan;
  readonly visible: readonly NodeView[];
  readonly labelWidth: number;
}

function chartColumns(input: BarsInput, axis: Axis): Columns {
  const labelWidth = Math.max(...axis.ticks.map(({ label }) => label.length), 4) + 1;
  const plan = planFor(input, input.width - labelWidth - 2);
  const first = firstVisible(input.nodes, input.firstNode, plan.capacity);
  return { plan, labelWidth, visible: input.nodes.slice(first, first + plan.capacity) };
}

function planFor({ numbering, nodes }: Pick<BarsInput, 'numbering' | 'nodes'>, width: number): ColumnPlan {
  const digits = String(nodes.at(-1)?.node ?? 1).length;
  return planColumns(numbering, nodes.length, digits, width);
}

/** Index of the first node to be shown: the wanted one, but no empty room at the right. */
function firstVisible(nodes: readonly NodeView[], firstNode: NodeId, capacity: number): number {
  const wanted = nodes.findIndex(({ node }) => node >= firstNode);
  const last = Math.max(0, nodes.length - capacity);
  return wanted === -1 ? last : Math.min(wanted, last);
}

function titleRow({ view, nodes, width }: BarsInput, visible: readonly NodeView[], glyphs: Glyphs): Row {
  const title: Row = [['dim', ` ${views[view].title}`]];
  const first = visible[0];
  const last = visible.at(-1);
  if (!first || !last || visible.length === nodes.length) return title;
  const where = `nodes ${first.node} to ${last.node} of ${nodes.length}  ${glyphs.leftRight} `;
  return spread(title, [['dim', where]], width, glyphs.ellipsis);
}

interface Chart extends Columns {
  readonly axis: Axis;
  readonly height: number;
}

function chartRows(input: BarsInput, chart: Chart, glyphs: Glyphs): readonly Row[] {
  const { axis, plan, visible, height, labelWidth } = chart;
  const headroom = plan.columnWidth >= 5 && height >= 5 ? 1 : 0;
  const columns = visible.map((node, i) =>
    drawColumn({
      reading: readingOf(input.view, node),
      axis,
      plan,
      height,
      headroom,
      style: barStyle(node, plan, i),
      glyphs,
    }),
  );
  const labels = tickLabels(axis, height, headroom);
  return Array.from({ length: height }, (_, row): Row => {
    const label = labels.get(row);
    const gap = (label === undefined ? ' ' : glyphs.grid).repeat(plan.columnWidth);
    return [
      ['dim', `${padStart(label ?? '', labelWidth)} ${label === undefined ? glyphs.axis : glyphs.tick}`],
      ...columns.map((column): Span => column[row] ?? ['dim', gap]),
    ];
  });
}

function barStyle(node: NodeView, { columnWidth, barWidth }: ColumnPlan, index: number): Style {
  if (isStale(node)) return 'staleBar';
  return columnWidth === barWidth && index % 2 === 1 ? 'otherBar' : 'bar';
}

/** The row whose upper edge is the tick's value; the floor carries zero's. */
function tickLabels(axis: Axis, height: number, headroom: number): ReadonlyMap<number, string> {
  const rows = axis.ticks.map(({ value, label }): [number, string] => [
    height - Math.round(axis.fraction(value) * (height - headroom)),
    label,
  ]);
  return new Map(rows.filter(([row]) => row < height));
}

function floorRow(axis: Axis, labelWidth: number, width: number, glyphs: Glyphs): Row {
  const label = padStart(axis.ticks[0]?.label ?? '', labelWidth);
  return [['dim', `${label} ${glyphs.corner}${glyphs.floor.repeat(Math.max(0, width - labelWidth - 3))}`]];
}
