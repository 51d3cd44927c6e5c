import type { GuestView, JobView } from '../../core/cluster-map.js';
import { homeOf, type NodeId } from '../../core/ids.js';
import { parseNodeList } from '../../core/nodes.js';
import { UsageError } from '../../errors.js';
import { jobColumns, type JobColumn } from '../job-table.js';

/** A line of mps: a job born here, or a guest that runs here. */
export type Listed =
  | { readonly kind: 'own'; readonly job: JobView }
  | { readonly kind: 'guest'; readonly guest: GuestView; readonly here: NodeId | 0 };

export interface Selection {
  /** `--home`, `--away`, `--guests`: those that were said; none = all. */
  readonly kinds: ReadonlySet<'home' | 'away' | 'guests'>;
  /** `-N`: running there; null = anywhere. */
  readonly nodes: readonly NodeId[] | null;
  /** PIDs and jobs; empty = any. */
  readonly names: readonly string[];
}

export interface SortKey {
  readonly column: JobColumn;
  readonly isDescending: boolean;
}

/** A PID, or a job such as 1-17. */
const nameShape = /^[1-9]\d{0,9}(-\d{1,10})?$/;

export function parseNames(operands: readonly string[]): readonly string[] {
  const names = operands.flatMap((operand) => operand.split(',')).filter((name) => name !== '');
  const odd = names.find((name) => !nameShape.test(name));
  if (odd !== undefined)
    throw new UsageError(`'${odd}' is neither a PID nor a job`, { hint: 'mps lists both' });
  return names;
}

export function parseWhere(text: string | undefined): readonly NodeId[] | null {
  if (text === undefined) return null;
  const list = parseNodeList(text);
  if (list.ok) return list.nodes;
  throw new UsageError(`-N ${text}: ${list.problem}`);
}

/** `-o pid,where,command`. */
export function parseColumns(text: string | undefined): readonly JobColumn[] | null {
  return text === undefined ? null : text.split(',').map((name) => columnNamed(name, '-o'));
}

/** `--sort cpu`, `--sort -cpu` (highest first), several with commas. */
export function parseSort(text: string | undefined): readonly SortKey[] {
  if (text === undefined) return [];
  return text.split(',').map((word) => ({
    column: columnNamed(word.replace(/^[-+]/, ''), '--sort'),
    isDescending: word.startsWith('-'),
  }));
}

function columnNamed(text: string, option: string): JobColumn {
  const wanted = text.trim().toUpperCase();
  const column = jobColumns.find((name) => name === wanted);
  if (column) return column;
  throw new UsageError(`${option}: there is no column '${text.trim()}'`, {
    hint: `the columns are ${jobColumns.join(', ').toLowerCase()}`,
  });
}

export function isSelected(listed: Listed, { kinds, nodes, names }: Selection): boolean {
  const where = whereOf(listed);
  const kind = listed.kind === 'guest' ? 'guests' : listed.job.where === listed.job.home ? 'home' : 'away';
  return (
    (kinds.size === 0 || kinds.has(kind)) &&
    (nodes === null || nodes.includes(where)) &&
    (names.length === 0 || names.some((name) => isNamed(listed, name)))
  );
}

export function isNamed(listed: Listed, name: string): boolean {
  const { job, pid } = listed.kind === 'own' ? listed.job : listed.guest;
  return job === name || String(pid ?? '') === name;
}

/** Equal ones stay in the order of their births. */
export function sorted(rows: readonly Listed[], keys: readonly SortKey[]): readonly Listed[] {
  return rows.toSorted((a, b) => {
    for (const { column, isDescending } of keys) {
      const order = compare(valueOf(a, column), valueOf(b, column));
      if (order !== 0) return isDescending ? -order : order;
    }
    return 0;
  });
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}

function whereOf(listed: Listed): NodeId {
  return listed.kind === 'own' ? listed.job.where : listed.here;
}

/** What a column is sorted by; what only a guest's home knows comes first. */
function valueOf(listed: Listed, column: JobColumn): number | string {
  const { job, pid, cpu, rssKib, command } = listed.kind === 'own' ? listed.job : listed.guest;
  const own = listed.kind === 'own' ? listed.job : null;
  switch (column) {
    case 'PID':
      return pid ?? 0;
    case 'JOB':
      return Number(job.split('-')[0]) * 1e9 + Number(job.split('-')[1]);
    case 'HOME':
      return homeOf(job);
    case 'WHERE':
      return whereOf(listed);
    case 'STATE':
      return own?.state ?? 'guest';
    case 'NMIGS':
      return own?.nmigs ?? -1;
    case 'CANTMOVE':
      return own?.cantmove.join('; ') ?? '';
    case 'CPU':
      return cpu;
    case 'RSS':
      return rssKib;
    case 'LOCK':
      return own?.lock ? 1 : 0;
    case 'DRIVER':
      return own?.driver ?? '';
    case 'START':
      return own?.startedAtMs ?? 0;
    case 'COMMAND':
      return command;
  }
}
