import { parseClassicMap } from '../../core/classic-map.js';
import type { ClusterConfig } from '../../core/cluster-map.js';
import { parseJson } from '../../core/json-text.js';
import { formatProblem, parseConfig } from '../../core/map-schema.js';
import { upgradeMap } from '../../core/map-upgrade.js';
import { UsageError } from '../../errors.js';
import { readLimited } from '../../state/read-limited.js';

/** A map of 65535 nodes with a comment each fits in. */
const maxBytes = 8 * 1024 * 1024;

export type Table =
  | { readonly ok: true; readonly config: ClusterConfig }
  | { readonly ok: false; readonly problems: readonly string[] };

/** `FILE`, or `-` for standard input. */
export async function readTableText(source: string): Promise<string> {
  if (source === '-') return readStandardInput();
  const read = await readLimited(source, maxBytes);
  if (read.kind === 'missing') throw new UsageError(`there is no file ${source}`);
  if (read.kind === 'too-large') throw new UsageError(`${source} has ${read.bytes} bytes: that is no map`);
  return read.bytes.toString('utf8');
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

async function readStandardInput(): Promise<string> {
  if (process.stdin.isTTY)
    throw new UsageError('no map was given', { hint: 'name a file with -f, or send one in' });
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    total += chunk.length;
    if (total > maxBytes) throw new UsageError(`more than ${maxBytes} bytes came in: that is no map`);
  }
  return Buffer.concat(chunks).toString('utf8');
}
