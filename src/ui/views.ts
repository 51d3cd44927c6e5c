import type { NodeView } from '../core/cluster-map.js';
import { linearAxis, logAxis, type Axis } from './axis.js';
import { formatLoad, threeDigits } from './format.js';

export type View = 'load' | 'logLoad' | 'memory' | 'rawMemory' | 'speed' | 'util';

/** What the bar of one node shows. */
export type Reading =
  | { readonly kind: 'value'; readonly value: number; readonly total?: number; readonly label: string }
  | { readonly kind: 'dead' }
  /** Being contacted, or not heard of yet. */
  | { readonly kind: 'waiting' };

export interface ViewSpec {
  /** Word in the list of views. */
  readonly name: string;
  /** Over the bars: what is measured, and in which unit. */
  readonly title: string;
  axis(max: number, mostTicks: number): Axis;
  /** At least this much is on the axis. */
  readonly leastTop: number;
  read(report: NonNullable<NodeView['report']>): Omit<Extract<Reading, { kind: 'value' }>, 'kind'>;
}

const loadTitle = '1.0 = one process on a standard processor';
const smallestLoad = 1;

export const views: Readonly<Record<View, ViewSpec>> = {
  load: {
    name: 'load',
    title: `load, ${loadTitle}`,
    leastTop: 100,
    axis: (max, ticks) =>
      linearAxis(max, ticks, (step) => (value) => (value / 100).toFixed(step < 10 ? 2 : step < 100 ? 1 : 0)),
    read: ({ load }) => ({ value: load, label: formatLoad(load) }),
  },
  logLoad: {
    name: 'log',
    title: `load on a logarithmic scale, ${loadTitle}`,
    leastTop: 100,
    axis: (max, ticks) =>
      logAxis(smallestLoad, max, ticks, (value) => String(Number((value / 100).toPrecision(2)))),
    read: ({ load }) => ({ value: load, label: formatLoad(load) }),
  },
  memory: memoryView('memory', 'memory used, + = can be had up to the total', ({ mem }) => mem),
  rawMemory: memoryView('raw', 'memory in use, + = physically free', ({ rmem }) => rmem),
  speed: {
    name: 'speed',
    title: 'speed of a processor, 10000 = the standard one',
    leastTop: 1,
    axis: (max, ticks) => linearAxis(max, ticks, () => String),
    read: ({ speed }) => ({ value: speed, label: String(Math.round(speed)) }),
  },
  util: {
    name: 'util',
    title: 'processor use, % of what the node has',
    leastTop: 100,
    axis: (_max, ticks) => linearAxis(100, Math.min(ticks, 5), () => (value) => `${value}%`),
    read: ({ util }) => ({ value: util, label: `${Math.round(util)}%` }),
  },
};

export const viewNames = Object.keys(views) as readonly View[];

function memoryView(
  name: string,
  title: string,
  freeKib: (report: NonNullable<NodeView['report']>) => number,
): ViewSpec {
  return {
    name,
    title,
    leastTop: 1024,
    axis: memoryAxis,
    read: (report) => {
      const used = Math.max(0, report.tmem - freeKib(report));
      return { value: used, total: report.tmem, label: memoryLabel(used, report.tmem) };
    },
  };
}

/** Memory comes in fours and eights. */
const memoryFactors = [1, 2, 4, 8, 10];
const kibPerMib = 1024;
const kibPerGib = 1024 * 1024;

/** Round numbers of MiB, or of GiB where there is much. */
function memoryAxis(maxKib: number, mostTicks: number): Axis {
  const [unit, suffix] = maxKib >= 4 * kibPerGib ? [kibPerGib, ' GiB'] : [kibPerMib, ' MiB'];
  const label = (step: number) => (value: number) =>
    `${value.toFixed(Number.isInteger(step) ? 0 : 1)}${suffix}`;
  const axis = linearAxis(maxKib / unit, mostTicks, label, memoryFactors);
  return {
    top: axis.top * unit,
    ticks: axis.ticks.map(({ value, label }) => ({ value: value * unit, label })),
    fraction: (kib) => axis.fraction(kib / unit),
  };
}

function memoryLabel(usedKib: number, totalKib: number): string {
  const unit = totalKib >= 4 * kibPerGib ? kibPerGib : kibPerMib;
  return `${threeDigits(usedKib / unit)}/${threeDigits(totalKib / unit)}`;
}

export function readingOf(view: View, node: NodeView): Reading {
  if (node.state === 'down') return { kind: 'dead' };
  if (!node.report) return { kind: 'waiting' };
  return { kind: 'value', ...views[view].read(node.report) };
}

/** The highest thing to be drawn; never less than the view wants on its axis. */
export function highestOf(view: View, nodes: readonly NodeView[]): number {
  let highest = views[view].leastTop;
  for (const node of nodes) {
    const reading = readingOf(view, node);
    if (reading.kind === 'value') highest = Math.max(highest, reading.value, reading.total ?? 0);
  }
  return highest;
}

const staleAfterMs = 3_500;

/** Reports come once a second; one that is older than a few of them is shown as such. */
export function isStale({ ageMs }: Pick<NodeView, 'ageMs'>): boolean {
  return ageMs !== null && ageMs > staleAfterMs;
}
