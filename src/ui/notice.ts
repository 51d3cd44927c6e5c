import { cellsOf } from './cells.js';
import { shownNodes, type MonitorState } from './monitor-state.js';
import type { Area } from './layout.js';
import { fitRow, type Row } from './row.js';
import type { Glyphs } from './theme.js';

/** Why there are no bars to be seen; null when there are some. */
export function noticeOf(state: MonitorState): string | null {
  if (!state.snapshot) return 'asking the nodes …';
  if (state.snapshot.nodes.length === 0) return 'the map names no nodes; setpe -w -f FILE loads one';
  if (shownNodes(state).length > 0) return null;
  return `none of ${state.snapshot.nodes.length} nodes answers; d shows them`;
}

/** One sentence in the middle of an area. */
export function drawNotice(text: string, { width, height }: Area, { ellipsis }: Glyphs): readonly Row[] {
  const left = Math.max(0, Math.floor((width - cellsOf(text)) / 2));
  const middle = Math.floor(height / 2);
  const row = fitRow([['plain', ' '.repeat(left) + text.replace('…', ellipsis)]], width, ellipsis);
  return Array.from({ length: height }, (_, i): Row => (i === middle ? row : []));
}
