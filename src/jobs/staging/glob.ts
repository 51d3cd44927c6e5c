import { UsageError } from '../../errors.js';
import { pathOfText } from './byte-path.js';

/** Which paths below a folder are meant. */
export interface Selection {
  includes(path: string): boolean;
  /** May anything below this folder be included? */
  mayContain(dir: string): boolean;
}

type Token =
  { readonly kind: 'star' } | { readonly kind: 'one' } | { readonly kind: 'char'; readonly char: string };
type Segment = { readonly kind: 'any-depth' } | { readonly kind: 'name'; readonly tokens: readonly Token[] };

const everything: Selection = { includes: () => true, mayContain: () => true };

// `*` any part of a name, `?` one character, `**` any number of folders, `\` before a character takes it literally.
// A pattern starts at the folder's top (`*.csv` is not `a/b.csv`, `**/*.csv` is), and one that names a folder includes
// everything below it. Names that start with a dot are like any other.
export function compilePatterns(patterns: readonly string[] | null | undefined): Selection {
  if (patterns === null || patterns === undefined) return everything;
  const compiled = patterns.map(parsePattern);
  return {
    includes: (path) => compiled.some((pattern) => walk(pattern, path).has(pattern.length)),
    mayContain: (dir) => dir === '' || compiled.some((pattern) => walk(pattern, dir).size > 0),
  };
}

function parsePattern(pattern: string): readonly Segment[] {
  if (pattern.startsWith('/')) throw badPattern(pattern, 'is absolute');
  const parts = pathOfText(pattern)
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  if (pattern === '') throw badPattern(pattern, 'is empty');
  if (parts.includes('..')) throw badPattern(pattern, 'leads out of the folder');
  return parts.map((part) =>
    part === '**' ? { kind: 'any-depth' } : { kind: 'name', tokens: tokensOf(part) },
  );
}

function badPattern(pattern: string, why: string): UsageError {
  return new UsageError(`the pattern '${pattern}' ${why}`, {
    hint: 'patterns are relative to the working folder, for example results/*.csv',
  });
}

/** The states of the pattern after the path; `pattern.length` (matched) is never left, as it takes all below. */
function walk(pattern: readonly Segment[], path: string): ReadonlySet<number> {
  let states = closure(pattern, [0]);
  for (const name of path.split('/')) {
    const next: number[] = [];
    for (const state of states) {
      const segment = pattern[state];
      if (segment === undefined || segment.kind === 'any-depth') next.push(state);
      else if (matchesName(segment.tokens, charsOf(name))) next.push(state + 1);
    }
    states = closure(pattern, next);
  }
  return states;
}

/** `**` also stands for no folder at all. */
function closure(pattern: readonly Segment[], states: readonly number[]): ReadonlySet<number> {
  const all = new Set(states);
  for (const state of all) if (pattern[state]?.kind === 'any-depth') all.add(state + 1);
  return all;
}

function tokensOf(part: string): readonly Token[] {
  const tokens: Token[] = [];
  const chars = charsOf(part);
  for (let index = 0; index < chars.length; index++) {
    const char = chars[index]!;
    if (char === '*') tokens.push({ kind: 'star' });
    else if (char === '?') tokens.push({ kind: 'one' });
    else if (char === '\\' && index + 1 < chars.length) tokens.push({ kind: 'char', char: chars[++index]! });
    else tokens.push({ kind: 'char', char });
  }
  return tokens;
}

/** A byte string cut into UTF-8 characters; a stray byte is a character of its own. */
function charsOf(name: string): readonly string[] {
  return name.match(/[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}|[^]/g) ?? [];
}

/** Goes back to the last `*` only, so the time is bounded by pattern × name whatever the pattern. */
function matchesName(tokens: readonly Token[], chars: readonly string[]): boolean {
  let token = 0;
  let char = 0;
  let star = -1;
  let starChar = 0;
  while (char < chars.length) {
    const current = tokens[token];
    if (current?.kind === 'star') {
      star = token++;
      starChar = char;
    } else if (current?.kind === 'one' || (current?.kind === 'char' && current.char === chars[char])) {
      token++;
      char++;
    } else if (star >= 0) {
      token = star + 1;
      char = ++starChar;
    } else return false;
  }
  while (tokens[token]?.kind === 'star') token++;
  return token === tokens.length;
}
