import { describe, expect, it } from 'vitest';
import {
  isSelected,
  parseColumns,
  parseNames,
  parseSort,
  parseWhere,
  sorted,
  type Listed,
  type Selection,
} from '../../../src/commands/mps/select.js';
import type { JobView } from '../../../src/core/cluster-map.js';

const view = (job: string, change: Partial<JobView> = {}): Listed => ({
  kind: 'own',
  job: {
    job,
    pid: 100 + Number(job.split('-')[1]),
    home: 1,
    where: 1,
    state: 'running',
    nmigs: 0,
    generation: 1,
    cantmove: [],
    driver: 'criu',
    lock: false,
    cpu: 0,
    rssKib: 0,
    command: 'x',
    startedAtMs: 0,
    ...change,
  },
});
const guest = (job: string, change = {}): Listed => ({
  kind: 'guest',
  here: 1,
  guest: { job, from: 2, pid: 900, cpu: 0.3, rssKib: 5, command: 'y', ...change },
});

const all = [
  view('1-1', { cpu: 0.5 }),
  view('1-2', { where: 3, cpu: 0.9 }),
  view('1-10', { where: 2 }),
  guest('2-5'),
];
const nobody: Selection = { kinds: new Set(), nodes: null, names: [] };
const jobs = (rows: readonly Listed[]): string[] =>
  rows.map((row) => (row.kind === 'own' ? row.job.job : row.guest.job));
const select = (change: Partial<Selection>): string[] =>
  jobs(all.filter((listed) => isSelected(listed, { ...nobody, ...change })));

describe('mps lists', () => {
  it.each<[string, Partial<Selection>, string[]]>([
    ['everything', {}, ['1-1', '1-2', '1-10', '2-5']],
    ['--home', { kinds: new Set(['home'] as const) }, ['1-1']],
    ['--away', { kinds: new Set(['away'] as const) }, ['1-2', '1-10']],
    ['--guests', { kinds: new Set(['guests'] as const) }, ['2-5']],
    ['--home --guests', { kinds: new Set(['home', 'guests'] as const) }, ['1-1', '2-5']],
    ['-N 3', { nodes: parseWhere('3') }, ['1-2']],
    ['-N 1,3', { nodes: parseWhere('1,3') }, ['1-1', '1-2', '2-5']],
    ['101,1-2', { names: parseNames(['101,1-2']) }, ['1-1', '1-2']],
    ['900', { names: parseNames(['900']) }, ['2-5']],
    ['--away -N 2', { kinds: new Set(['away'] as const), nodes: parseWhere('2') }, ['1-10']],
  ])('%s', (_, change, wanted) => {
    expect(select(change)).toEqual(wanted);
  });

  it.each([
    ['cpu', ['1-10', '2-5', '1-1', '1-2']],
    ['-cpu', ['1-2', '1-1', '2-5', '1-10']],
    ['job', ['1-1', '1-2', '1-10', '2-5']],
    ['-home,-job', ['2-5', '1-10', '1-2', '1-1']],
    ['state,where', ['2-5', '1-1', '1-10', '1-2']],
  ])('sorted by %s', (keys, wanted) => {
    expect(jobs(sorted(all, parseSort(keys)))).toEqual(wanted);
  });
});

describe('what is no selection is said', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['a name', () => parseNames(['sim']), /'sim' is neither a PID nor a job/],
    ['PID 0', () => parseNames(['0']), /'0' is neither/],
    ['a node list', () => parseWhere('a-b'), /-N a-b/],
    ['node 0', () => parseWhere('0'), /-N 0/],
    ['a column', () => parseColumns('pid,sum'), /no column 'sum'/],
    ['a column to sort by', () => parseSort('-sum'), /no column 'sum'/],
  ])('%s', (_, parse, says) => {
    expect(parse).toThrow(says);
  });

  it('columns are taken in any case and order', () => {
    expect(parseColumns('command,Where')).toEqual(['COMMAND', 'WHERE']);
  });
});
