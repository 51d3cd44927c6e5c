import type { GuestView, JobView } from '../core/cluster-map.js';
import { homeOf, type NodeId } from '../core/ids.js';
import { cutToWidth, oneLine, padToWidth, widthOf } from './columns.js';

const titles = [
  'PID',
  'JOB',
  'HOME',
  'WHERE',
  'STATE',
  'NMIGS',
  'CANTMOVE',
  'CPU',
  'RSS',
  'COMMAND',
] as const;
type Row = Readonly<Record<(typeof titles)[number], string>>;

const toTheRight: ReadonlySet<string> = new Set(['PID', 'HOME', 'WHERE', 'NMIGS', 'CPU', 'RSS']);
const longestReason = 24;

export function jobRow(job: JobView): Row {
  return {
    PID: job.pid === null ? '-' : String(job.pid),
    JOB: job.job,
    HOME: String(job.home),
    WHERE: job.moving ? `${job.where}>${job.moving.to}` : String(job.where),
    STATE: stateOf(job),
    NMIGS: String(job.nmigs),
    CANTMOVE: job.cantmove.length === 0 ? '-' : oneLine(job.cantmove.join('; ')),
    CPU: `${Math.round(job.cpu * 100)}%`,
    RSS: formatKib(job.rssKib),
    COMMAND: oneLine(job.command),
  };
}

/** What home keeps to itself (how often it moved, why it can't) is not shown of a guest. */
export function guestRow(guest: GuestView, here: NodeId | 0): Row {
  return {
    PID: String(guest.pid),
    JOB: guest.job,
    HOME: String(homeOf(guest.job)),
    WHERE: here === 0 ? 'here' : String(here),
    STATE: 'guest',
    NMIGS: '-',
    CANTMOVE: '-',
    CPU: `${Math.round(guest.cpu * 100)}%`,
    RSS: formatKib(guest.rssKib),
    COMMAND: oneLine(guest.command),
  };
}

/** Lines of the table; with `columns` reasons are shortened and every line is cut to fit. */
export function jobTable(rows: readonly Row[], columns: number | null): readonly string[] {
  const shown =
    columns === null
      ? rows
      : rows.map((row) => ({ ...row, CANTMOVE: cutToWidth(row.CANTMOVE, longestReason) }));
  const header = Object.fromEntries(titles.map((title) => [title, title])) as Row;
  const all = [header, ...shown];
  const widths = titles.map((title) => Math.max(...all.map((row) => widthOf(row[title]))));
  return all.map((row) => {
    const cells = titles.map((title, at) =>
      padToWidth(row[title], widths[at] ?? 0, toTheRight.has(title) ? 'right' : 'left'),
    );
    const line = cells.join(' ').trimEnd();
    return columns === null ? line : cutToWidth(line, columns);
  });
}

function stateOf(job: JobView): string {
  if (job.state !== 'done' || !job.exit) return job.state;
  switch (job.exit.kind) {
    case 'code':
      return `exit ${job.exit.code}`;
    case 'signal':
      return job.exit.signal;
    case 'unknown':
      return 'ended';
  }
}

function formatKib(kib: number): string {
  if (kib < 1024) return `${Math.round(kib)}K`;
  return kib < 1024 * 1024 ? `${Math.round(kib / 1024)}M` : `${(kib / 1024 / 1024).toFixed(1)}G`;
}
