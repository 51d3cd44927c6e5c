import type { ClusterConfig, ConfigEntry } from './cluster-map.js';
import { checkEntries } from './map-check.js';

export interface LineProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export type ClassicMapAnswer =
  | { readonly ok: true; readonly config: ClusterConfig }
  | { readonly ok: false; readonly problems: readonly LineProblem[] };

/** 65535 nodes with an address and a comment each fit in; whatever is larger is no map. */
const maxLength = 8 * 1024 * 1024;
const maxProblems = 100;

type Line =
  | { readonly kind: 'entry'; readonly entry: ConfigEntry }
  | { readonly kind: 'remark'; readonly text: string }
  | { readonly kind: 'problem'; readonly message: string };

/**
 * The classic openMosix map (manual, "El fichero /etc/openmosix.map"): `NODE ADDRESS COUNT` for a range of consecutive
 * numbers and addresses, `NODE ADDRESS ALIAS` for one more address of a node, `#` up to the end of the line is a comment.
 */
export function parseClassicMap(text: string): ClassicMapAnswer {
  if (text.length > maxLength) {
    return {
      ok: false,
      problems: [{ line: 1, message: `a map of ${text.length} characters is too large to be one` }],
    };
  }
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  if (lines.at(-1) === '') lines.pop();
  const read = lines.map(parseLine);
  const config = configFrom(read);
  const lineOf = read.flatMap((line, index) => (line.kind === 'entry' ? [index + 1] : []));
  const problems = [
    ...read.flatMap((line, index) =>
      line.kind === 'problem' ? [{ line: index + 1, message: line.message }] : [],
    ),
    ...checkEntries(config.entries, (entry) => `line ${lineOf[entry] ?? 0}`).map(({ entry, message }) => ({
      line: lineOf[entry] ?? 0,
      message,
    })),
  ].sort((a, b) => a.line - b.line);
  return problems.length === 0 ? { ok: true, config } : { ok: false, problems: cut(problems) };
}

function parseLine(line: string): Line {
  const hash = line.indexOf('#');
  const words = (hash < 0 ? line : line.slice(0, hash)).split(/[ \t]+/).filter(Boolean);
  const comment = hash < 0 ? '' : line.slice(hash + 1).trim();
  if (words.length === 0) return { kind: 'remark', text: line.trim() };
  const [node = '', address = '', count = ''] = words;
  const problem = (message: string): Line => ({ kind: 'problem', message });
  if (words.length !== 3)
    return problem(`'NODE ADDRESS COUNT' or 'NODE ADDRESS ALIAS' was expected, not ${sayWords(words)}`);
  if (!/^\d{1,9}$/.test(node)) return problem(`'${clip(node)}' is no node number`);
  const alias = count.toUpperCase() === 'ALIAS';
  if (!alias && !/^\d{1,9}$/.test(count))
    return problem(`'${clip(count)}' is neither a number of nodes nor ALIAS`);
  return {
    kind: 'entry',
    entry: {
      node: Number(node),
      address,
      count: alias ? 1 : Number(count),
      ...(alias && { alias }),
      ...(comment !== '' && { comment }),
    },
  };
}

/** Remarks go with the entry below them, those at the top and at the end with the map. */
function configFrom(lines: readonly Line[]): ClusterConfig {
  const entries: ConfigEntry[] = [];
  let comments: readonly string[] = [];
  let remarks: string[] = [];
  for (const line of lines) {
    if (line.kind === 'remark') remarks.push(line.text);
    if (line.kind !== 'entry') continue;
    if (entries.length === 0) comments = remarks;
    entries.push(
      entries.length === 0 || remarks.length === 0 ? line.entry : { ...line.entry, above: remarks },
    );
    remarks = [];
  }
  return {
    entries,
    ...(comments.length > 0 && { comments }),
    ...(remarks.length > 0 && { trailer: remarks }),
  };
}

/** The classic form of a map; reading it gives the same map again. */
export function formatClassicMap(config: ClusterConfig): string {
  const lines = [
    ...remarkLines(config.comments),
    ...config.entries.flatMap((entry) => [...remarkLines(entry.above), formatEntry(entry)]),
    ...remarkLines(config.trailer),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function formatEntry({ node, address, count, alias, comment }: ConfigEntry): string {
  const entry = `${node} ${address} ${alias ? 'ALIAS' : count}`;
  return comment === undefined ? entry : `${entry} # ${oneLine(comment)}`;
}

/** A comment from a JSON map may lack the `#`. */
function remarkLines(remarks: readonly string[] = []): readonly string[] {
  return remarks
    .map(oneLine)
    .map((remark) => (remark === '' || remark.startsWith('#') ? remark : `# ${remark}`));
}

const oneLine = (text: string): string => text.replace(/[\r\n]+/g, ' ').trim();
const clip = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

function sayWords(words: readonly string[]): string {
  return words.length === 1 ? `one word ('${clip(words[0]!)}')` : `${words.length} words`;
}

function cut(problems: readonly LineProblem[]): readonly LineProblem[] {
  if (problems.length <= maxProblems) return problems;
  const shown = problems.slice(0, maxProblems);
  const more = problems.length - maxProblems;
  return [
    ...shown,
    { line: problems[maxProblems]!.line, message: `… and ${more} more problems from here on` },
  ];
}
