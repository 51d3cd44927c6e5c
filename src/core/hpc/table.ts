import type { NodeView } from '../cluster-map.js';
import { absentEntries, adminEntries } from './admin-entries.js';
import { absentDecayEntries, decayEntries } from './decay-entries.js';
import type { HpcChange, HpcEntry, HpcView } from './entry.js';
import { nodeEntries } from './node-entries.js';
import { processEntries } from './process-entries.js';
import { remoteEntries } from './remote-entries.js';
import { describeValues, formatValue, parseValue } from './value.js';

/** What documentation and completion are made from: every folder, and the entries that each thing in it has. */
export const hpcFolders = [
  { path: 'admin', about: 'settings of this node', entries: adminEntries, absent: absentEntries },
  { path: 'decay', about: 'what new jobs get', entries: decayEntries, absent: absentDecayEntries },
  { path: 'info', about: 'this node', entries: nodeEntries, absent: {} },
  { path: 'nodes/N', about: 'node N of the map', entries: nodeEntries, absent: {} },
  { path: 'remote/PID', about: 'a guest here, by PID or job', entries: remoteEntries, absent: {} },
  { path: 'PID', about: 'a job born here, by PID of its mosrun or job', entries: processEntries, absent: {} },
] as const;

/** One file of the tree, with the thing that it is about. */
export interface Leaf {
  /** `admin/block`, `nodes/3/load`, `1-17/goto`. */
  readonly path: string;
  readonly help: string;
  /** Which values it has; units and range included. */
  readonly values: string;
  readonly mayRead: boolean;
  readonly mayWrite: boolean;
  /** null = write-only, or nothing is known. */
  read(): string | null;
  write(text: string): WriteAnswer;
}

export type WriteAnswer =
  { readonly ok: true; readonly change: HpcChange } | { readonly ok: false; readonly problem: string };

export type Found =
  | { readonly kind: 'leaf'; readonly leaf: Leaf }
  | { readonly kind: 'folder'; readonly leaves: readonly Leaf[] }
  /** openMosix has it and moskit does not, with the reason. */
  | { readonly kind: 'absent'; readonly problem: string }
  /** There is no such job or guest now. */
  | { readonly kind: 'gone'; readonly problem: string }
  | { readonly kind: 'unknown'; readonly problem: string };

/** The path as the tree has it: `/proc/hpc/admin/block`, `hpc/admin/block` and `admin/block` are one. */
export function plainPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts[0] === 'proc') parts.shift();
  if (parts[0] === 'hpc') parts.shift();
  return parts.join('/');
}

/** Whether the settings of the node alone answer for this path; they are quickly asked for. */
export function isSetting(path: string): boolean {
  return /^(admin|decay|gateways)(\/|$)/.test(path) && path !== 'admin/config' && path !== 'admin';
}

/** A file or folder of the tree. `path` as `plainPath` gives it. */
export function findInTree(path: string, view: HpcView): Found {
  const [first = '', second, ...rest] = path.split('/');
  switch (first) {
    case '':
      return { kind: 'folder', leaves: wholeTree(view) };
    case 'admin':
    case 'config':
    case 'gateways':
    case 'decay':
      return findSetting(
        first,
        [second, ...rest].filter((part) => part !== undefined),
        view,
      );
    case 'info':
      return inFolder('info', nodeEntries, ownNode(view), [second, ...rest], view);
    case 'nodes':
      return findNodes(second, rest, view);
    case 'remote':
      return findRemote(second, rest, view);
    default:
      return findProcess(first, [second, ...rest], view);
  }
}

function wholeTree(view: HpcView): readonly Leaf[] {
  return ['admin', 'decay', 'info', 'nodes', 'remote', ...view.jobs.map(({ job }) => job)].flatMap((path) =>
    leavesOf(findInTree(path, view)),
  );
}

function leavesOf(found: Found): readonly Leaf[] {
  return found.kind === 'folder' ? found.leaves : [];
}

/** /proc/hpc/config and /proc/hpc/gateways stand beside admin, too. */
function findSetting(folder: string, rest: readonly string[], view: HpcView): Found {
  if (folder === 'decay') return inFolder('decay', decayEntries, view, rest, view, absentDecayEntries);
  const path = folder === 'admin' ? rest : [folder, ...rest];
  return inFolder('admin', adminEntries, view, path, view, absentEntries);
}

function ownNode({ nodes, admin }: HpcView): NodeView {
  const own = nodes.find(({ node }) => node === admin.mospe);
  const { mospe: node } = admin;
  return own ?? { node, name: '', state: 'down', ageMs: null, report: null, bandwidth: null };
}

function findNodes(name: string | undefined, rest: readonly string[], view: HpcView): Found {
  if (name === undefined) {
    const leaves = view.nodes.flatMap((node) => leavesIn(`nodes/${node.node}`, nodeEntries, node, view));
    return { kind: 'folder', leaves };
  }
  const node = view.nodes.find((candidate) => String(candidate.node) === name || candidate.name === name);
  if (!node) return { kind: 'unknown', problem: `node ${name} is not in the map` };
  return inFolder(`nodes/${node.node}`, nodeEntries, node, rest, view);
}

function findRemote(name: string | undefined, rest: readonly string[], view: HpcView): Found {
  const pathOf = (pid: number, job: string): string => `remote/${pid === 0 ? job : pid}`;
  if (name === undefined) {
    const leaves = view.guests.flatMap((guest) =>
      leavesIn(pathOf(guest.pid, guest.job), remoteEntries, guest, view),
    );
    return { kind: 'folder', leaves };
  }
  const guest = view.guests.find(({ pid, job }) => job === name || (pid !== 0 && String(pid) === name));
  if (!guest) return { kind: 'gone', problem: `${name} is no guest of this node` };
  return inFolder(pathOf(guest.pid, guest.job), remoteEntries, guest, rest, view);
}

function findProcess(name: string, rest: readonly (string | undefined)[], view: HpcView): Found {
  const job = view.jobs.find((candidate) => candidate.job === name || String(candidate.pid) === name);
  if (job) return inFolder(job.job, processEntries, job, rest, view);
  if (/^\d+-\d+$/.test(name)) return { kind: 'gone', problem: `there is no job ${name} here` };
  if (/^\d+$/.test(name))
    return { kind: 'gone', problem: `PID ${name} belongs to no job that was born here` };
  const folders = hpcFolders.map(({ path }) => path).join(', ');
  return { kind: 'unknown', problem: `there is no ${name}: the tree has ${folders}` };
}

function inFolder<S>(
  folder: string,
  entries: readonly HpcEntry<S>[],
  subject: S,
  rest: readonly (string | undefined)[],
  view: HpcView,
  absent: Readonly<Record<string, string>> = {},
): Found {
  const [name, ...more] = rest.filter((part) => part !== undefined);
  if (name === undefined) return { kind: 'folder', leaves: leavesIn(folder, entries, subject, view) };
  const entry = entries.find((candidate) => candidate.name === name || candidate.aliases?.includes(name));
  if (entry && more.length === 0) return { kind: 'leaf', leaf: leafOf(folder, entry, subject, view) };
  const why = Object.hasOwn(absent, name) ? absent[name] : undefined;
  if (why !== undefined) return { kind: 'absent', problem: `${folder}/${name} does not exist here: ${why}` };
  const path = [folder, name, ...more].join('/');
  const names = entries.map((candidate) => candidate.name).join(', ');
  return { kind: 'unknown', problem: `there is no ${path}: ${folder} has ${names}` };
}

function leavesIn<S>(
  folder: string,
  entries: readonly HpcEntry<S>[],
  subject: S,
  view: HpcView,
): readonly Leaf[] {
  return entries.map((entry) => leafOf(folder, entry, subject, view));
}

function leafOf<S>(folder: string, entry: HpcEntry<S>, subject: S, view: HpcView): Leaf {
  const path = `${folder}/${entry.name}`;
  const { read, write, value: kind, help } = entry;
  return {
    path,
    help,
    values: describeValues(kind),
    mayRead: read !== undefined,
    mayWrite: write !== undefined,
    read: () => (read ? formatValue(kind, read(subject, view)) : null),
    write: (text) => {
      if (!write) return { ok: false, problem: `${path} can only be read${hintFor(entry.name)}` };
      const parsed = parseValue(kind, text);
      if (!parsed.ok) return { ok: false, problem: `${path} ${parsed.problem}` };
      return { ok: true, change: write(parsed.value, subject, view) };
    },
  };
}

function hintFor(name: string): string {
  return name === 'config' ? '; setpe -w loads a map' : '';
}
