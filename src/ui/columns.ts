/** How node numbers stand below the bars: openMosix's `w`, `v`, `V` and `a`. */
export type Numbering = 'wide' | 'vertical' | 'tight' | 'automatic';

export interface ColumnPlan {
  readonly orientation: 'horizontal' | 'vertical';
  /** Cells for one node, its gap included. */
  readonly columnWidth: number;
  readonly barWidth: number;
  /** How many nodes fit. */
  readonly capacity: number;
  /** Rows that the numbers take. */
  readonly numberRows: number;
}

const widestColumn = 20;

/** Plans the columns for `count` nodes, the longest number of which has `digits` digits, in `width` cells. */
export function planColumns(wanted: Numbering, count: number, digits: number, width: number): ColumnPlan {
  const numbering = wanted === 'automatic' ? automatic(count, digits, width) : wanted;
  const least = leastWidth(numbering, digits);
  const even = Math.floor(width / Math.max(1, count));
  const columnWidth =
    numbering === 'tight' ? 1 : Math.min(Math.max(least, even), Math.max(least, widestColumn));
  const orientation = numbering === 'wide' ? 'horizontal' : 'vertical';
  return {
    orientation,
    columnWidth,
    barWidth: barWidth(columnWidth),
    capacity: Math.max(1, Math.floor(width / columnWidth)),
    numberRows: orientation === 'horizontal' ? 1 : digits,
  };
}

/** The widest numbering with which all nodes fit; where none does, the most readable one, and the user scrolls. */
function automatic(count: number, digits: number, width: number): Exclude<Numbering, 'automatic'> {
  const order = ['wide', 'vertical', 'tight'] as const;
  return order.find((numbering) => count * leastWidth(numbering, digits) <= width) ?? 'wide';
}

function leastWidth(numbering: Exclude<Numbering, 'automatic'>, digits: number): number {
  return { wide: digits + 1, vertical: 2, tight: 1 }[numbering];
}

function barWidth(columnWidth: number): number {
  if (columnWidth <= 2) return 1;
  return columnWidth - Math.max(1, Math.round(columnWidth * 0.35));
}
