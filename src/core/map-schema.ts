import type { z } from 'zod';
import type { ClusterConfig, ClusterMap } from './cluster-map.js';
import { formatPlace } from './json-place.js';
import { parseJson } from './json-text.js';
import { checkEntries } from './map-check.js';
import { configShape, mapShape } from './map-shapes.js';
import { upgradeMap } from './map-upgrade.js';

export interface PlaceProblem {
  /** `config.entries[2].address`, `line 3, column 5`; empty = the whole. */
  readonly place: string;
  readonly message: string;
}

export type MapAnswer =
  | { readonly ok: true; readonly map: ClusterMap }
  | {
      readonly ok: false;
      readonly problems: readonly PlaceProblem[];
      /** It is no damaged map but one of a later version: to be left alone. */
      readonly newer: boolean;
    };

export type ConfigAnswer =
  | { readonly ok: true; readonly config: ClusterConfig }
  | { readonly ok: false; readonly problems: readonly PlaceProblem[] };

type Key = string | number;

/** The text of hpc.json. */
export function parseMapText(text: string): MapAnswer {
  const json = parseJson(text);
  if (json.ok) return parseMap(json.value);
  const { line, column, message } = json;
  return refused([{ place: `line ${line}, column ${column}`, message }]);
}

/** The value of hpc.json, of this format or an older one; each problem is named with its place. */
export function parseMap(value: unknown): MapAnswer {
  const upgraded = upgradeMap(value);
  if (!upgraded.ok) {
    const { place, message, newer } = upgraded;
    return { ok: false, problems: [{ place, message }], newer };
  }
  const forbidden = forbiddenKeys(upgraded.map);
  const parsed = mapShape.safeParse(upgraded.map);
  if (!parsed.success || forbidden.length > 0) {
    return refused([...forbidden, ...(parsed.success ? [] : problemsOf(parsed.error))]);
  }
  const map: ClusterMap = parsed.data;
  const problems = [...configProblems(map.config, 'config.'), ...keyProblems(map)];
  return problems.length === 0 ? { ok: true, map } : refused(problems);
}

function refused(problems: readonly PlaceProblem[]): MapAnswer {
  return { ok: false, problems, newer: false };
}

/** `config.entries[2].address: …`, a line each. */
export function formatProblem({ place, message }: PlaceProblem): string {
  return place === '' ? message : `${place}: ${message}`;
}

/** The `config` part alone, as it comes over the wire or from a file with nothing else in it. */
export function parseConfig(value: unknown): ConfigAnswer {
  const parsed = configShape.safeParse(value);
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error) };
  const config: ClusterConfig = parsed.data;
  const problems = configProblems(config, '');
  return problems.length === 0 ? { ok: true, config } : { ok: false, problems };
}

function configProblems(config: ClusterConfig, prefix: string): readonly PlaceProblem[] {
  const nameOf = (index: number): string => `${prefix}entries[${index}]`;
  return checkEntries(config.entries, nameOf).map(({ entry, field, message }) => ({
    place: `${nameOf(entry)}.${field}`,
    message,
  }));
}

/** An entry under another's key would answer for it. */
function keyProblems(map: ClusterMap): readonly PlaceProblem[] {
  const wrong = (section: string, key: string, own: Key): readonly PlaceProblem[] =>
    key === String(own) ? [] : [{ place: formatPlace([section, key]), message: `holds ${own}` }];
  return [
    ...Object.entries(map.nodes).flatMap(([key, { node }]) => wrong('nodes', key, node)),
    ...Object.entries(map.remote).flatMap(([key, { job }]) => wrong('remote', key, job)),
    ...Object.entries(map.jobs).flatMap(([key, { job }]) => wrong('jobs', key, job)),
  ];
}

/** `__proto__` would change what objects are, or be passed over in silence; no map needs it. */
function forbiddenKeys(map: Readonly<Record<string, unknown>>): readonly PlaceProblem[] {
  const problems: PlaceProblem[] = [];
  const open: { readonly value: unknown; readonly path: readonly Key[] }[] = [{ value: map, path: [] }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, path } = next;
    if (typeof value !== 'object' || value === null || path.length > 20) continue;
    if (Object.hasOwn(value, '__proto__')) {
      problems.push({
        place: formatPlace([...path, '__proto__']),
        message: 'is not a name that a map may use',
      });
    }
    for (const [key, inner] of Object.entries(value)) {
      open.push({ value: inner, path: [...path, Array.isArray(value) ? Number(key) : key] });
    }
  }
  return problems;
}

function problemsOf(error: z.ZodError): readonly PlaceProblem[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
    if (issue.code === 'unrecognized_keys') {
      return issue.keys
        .filter((key) => key !== '__proto__')
        .map((key) => ({ place: formatPlace([...path, key]), message: 'is not a name that a map has' }));
    }
    return [{ place: formatPlace(path), message: messageOf(issue) }];
  });
}

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  if (issue.code !== 'invalid_type') return issue.message;
  return issue.message.endsWith('received undefined')
    ? 'is missing'
    : issue.message.replace('Invalid input: ', '');
}
