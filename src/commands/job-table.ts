import type { GuestView, JobView } from '../core/cluster-map.js';
import { homeOf, type NodeId } from '../core/ids.js';
import { cutToWidth, oneLine, padToWidth, widthOf } from './columns.js';

/** Every column that `mps -o` knows, in the order of the table. */
export const jobColumns = [
  'PID',
  'JOB',
  'HOME',
  'WHERE',
  'STATE',
  'NMIGS',
  'CANTMOVE',
  'LOCK',
  'DRIVER',
  'CPU',
  'RSS',
  'START',
  'COMMAND',
] as const;
export type JobColumn = (typeof jobColumns)[number];
type Row = Readonly<Record<JobColumn, string>>;

const onlyOnRequest: ReadonlySet<string> = new Set(['LOCK', 'DRIVER', 'START']);
const usual = jobColumns.filter((column) => !onlyOnRequest.has(column));

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
    LOCK: job.lock ? 'yes' : 'no',
    DRIVER: job.driver ?? '-',
    CPU: `${Math.round(job.cpu * 100)}%`,
    RSS: formatKib(job.rssKib),
    START: new Date(job.startedAtMs).toISOString().slice(0, 19),
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
    LOCK: '-',
    DRIVER: '-',
    CPU: `${Math.round(guest.cpu * 100)}%`,
    RSS: formatKib(guest.rssKib),
    START: '-',
    COMMAND: oneLine(guest.command),
  };
}

/** Lines of the table; with `columns` reasons are shortened and every line is cut to fit. */
export function jobTable(
  rows: readonly Row[],
  columns: number | null,
  titles: readonly JobColumn[] = usual,
): readonly string[] {
  const shown =
    columns === null
      ? rows
      : rows.map((row) => ({ ...row, CANTMOVE: cutToWidth(row.CANTMOVE, longestReason) }));
  const header = Object.fromEntries(jobColumns.map((title) => [title, title])) as Row;
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
