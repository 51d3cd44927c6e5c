import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { MoskitError } from '../errors.js';
import type { Connection } from '../transport/transport.js';
import { version } from '../version.js';
import { programsFolder, runRemote } from './remote-shell.js';

/** The bundled program of this machine, and the folder it has on every node. */
export interface Program {
  readonly content: Buffer;
  readonly sha256: string;
  /** `VERSION-HASH`: another build of the same version is another folder, so a running one is never replaced. */
  readonly folder: string;
}

const read = new Map<string, Promise<Program>>();

/** Reads the bundle once; it does not change while a process runs from it. */
export function readProgram(path: string): Promise<Program> {
  const known = read.get(path);
  if (known) return known;
  const reading = load(path);
  read.set(path, reading);
  reading.catch(() => read.delete(path));
  return reading;
}

async function load(path: string): Promise<Program> {
  const content = await readFile(path);
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { content, sha256, folder: `${version.replace(/[^\w.+-]/g, '_')}-${sha256.slice(0, 12)}` };
}

/** Path of a program on a node, as a word for its `sh`. */
export function programPath(program: Program): string {
  return `${programsFolder}/${program.folder}/moskit.mjs`;
}

const copyFailedCode = 192;
const damagedCode = 193;

/**
 * Copies the program to a node: under another name first, checked there, then renamed, so that nobody ever starts
 * half a program. Rejects with the node's own words.
 */
export async function installProgram(
  connection: Connection,
  program: Program,
  options: { readonly name: string; readonly timeoutMs: number },
): Promise<void> {
  const { content, sha256 } = program;
  const folder = `${programsFolder}/${program.folder}`;
  const script = [
    'umask 077',
    `d=${folder}`,
    `t="$d/.moskit.${randomBytes(6).toString('hex')}"`,
    `mkdir -p "$d" || exit ${copyFailedCode}`,
    `cat > "$t" || { rm -f "$t"; exit ${copyFailedCode}; }`,
    's=$(wc -c < "$t")',
    'h=$(sha256sum < "$t" 2>/dev/null || shasum -a 256 < "$t" 2>/dev/null)',
    'h=${h%% *}',
    `if test "$s" -eq ${content.length} && test "\${h:-${sha256}}" = ${sha256}; then ` +
      'chmod 700 "$t" && mv -f "$t" "$d/moskit.mjs" && exit 0; fi',
    'rm -f "$t"',
    `exit ${damagedCode}`,
  ].join('; ');
  const result = await runRemote(connection, script, { ...options, input: content });
  if (result.code === 0) return;
  const why = result.code === damagedCode ? 'it did not arrive whole' : result.stderr || 'it gave no reason';
  throw new MoskitError(`the program could not be copied to ${options.name}: ${why}`, {
    hint: 'is there room in ~/.local/share on that machine, and may you write there?',
  });
}
