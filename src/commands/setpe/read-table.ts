import { createReadStream } from 'node:fs';
import { parseClassicMap } from '../../core/classic-map.js';
import type { ClusterConfig } from '../../core/cluster-map.js';
import { parseJson } from '../../core/json-text.js';
import { formatProblem, parseConfig } from '../../core/map-schema.js';
import { upgradeMap } from '../../core/map-upgrade.js';
import { MoskitError, UsageError, errnoOf, messageOf } from '../../errors.js';

/** A map of 65535 nodes with a comment each fits in. */
const maxBytes = 8 * 1024 * 1024;

export type Table =
  | { readonly ok: true; readonly config: ClusterConfig }
  | { readonly ok: false; readonly problems: readonly string[] };

/** `FILE`, or `-` for standard input. */
export async function readTableText(source: string): Promise<string> {
  if (source !== '-') return readAll(createReadStream(source), source);
  if (process.stdin.isTTY) {
    throw new UsageError('no map was given', { hint: 'name a file with -f, or send one in' });
  }
  return readAll(process.stdin, 'standard input');
}

/** A pipe in the place of a file (`-f <(…)`) is as good as a file. */
async function readAll(stream: AsyncIterable<Buffer | string>, name: string): Promise<string> {
  const chunks: Buffer[] = [];
  let total = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(Buffer.from(chunk as Buffer));
      total += chunk.length;
      if (total > maxBytes) break;
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw new UsageError(`there is no file ${name}`);
    throw new MoskitError(`cannot read ${name}: ${messageOf(error)}`, { cause: error });
  }
  if (total > maxBytes) throw new UsageError(`${name} has more than ${maxBytes} bytes: that is no map`);
  return Buffer.concat(chunks).toString('utf8');
}

/** The text of a map in either form; which one it is shows in its first character. */
export function parseTable(text: string, name: string): Table {
  if (/^[\uFEFF\s]*[{[]/.test(text)) return parseJsonTable(text, name);
  const answer = parseClassicMap(text);
  if (answer.ok) return answer;
  return {
    ok: false,
    problems: answer.problems.map(({ line, message }) => `${name} line ${line}: ${message}`),
  };
}

/** hpc.json as a whole, its config part under its name, or that part alone. */
function parseJsonTable(text: string, name: string): Table {
  const json = parseJson(text);
  if (!json.ok) return wrong([`${name} line ${json.line}, column ${json.column}: ${json.message}`]);
  const value = json.value as Readonly<Record<string, unknown>>;
  if (!Object.hasOwn(value, 'config')) return configTable(value, name);
  const upgraded = upgradeMap(value);
  if (!upgraded.ok) return wrong([`${name}: ${upgraded.place}: ${upgraded.message}`]);
  return configTable(upgraded.map['config'], `${name}: config`);
}

function configTable(value: unknown, name: string): Table {
  const answer = parseConfig(value);
  return answer.ok ? answer : wrong(answer.problems.map((problem) => `${name}: ${formatProblem(problem)}`));
}

function wrong(problems: readonly string[]): Table {
  return { ok: false, problems };
}
