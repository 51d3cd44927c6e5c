import { UnreachableError } from '../errors.js';
import { cleanText } from '../transport/remote-text.js';
import type { Connection } from '../transport/transport.js';
import { runRemote } from './remote-shell.js';

export interface NodeJs {
  readonly path: string;
  readonly version: string;
}

/** Places besides PATH: a command over SSH often has a shorter PATH than a terminal, above all with version managers. */
const places = [
  '"$(command -v node)"',
  '"$(command -v nodejs)"',
  '"$HOME/.local/bin/node"',
  '"$HOME/bin/node"',
  '/usr/local/bin/node',
  '/usr/bin/node',
  '/usr/bin/nodejs',
  '/opt/node/bin/node',
  '/opt/nodejs/bin/node',
  '/opt/homebrew/bin/node',
  '/snap/bin/node',
  '"$HOME/.volta/bin/node"',
  '"$HOME/.asdf/shims/node"',
  '"$HOME/.local/share/mise/shims/node"',
  '"${NVM_DIR:-$HOME/.nvm}"/versions/node/*/bin/node',
  '"$HOME"/.local/share/fnm/node-versions/*/installation/bin/node',
];
const maxTried = 12;

/** Every Node.js found on a machine, that of its PATH first. */
export async function findNodeJs(
  connection: Connection,
  options: { readonly name: string; readonly timeoutMs: number },
): Promise<readonly NodeJs[]> {
  const script =
    `k=0; for n in ${places.join(' ')}; do test -f "$n" && test -x "$n" || continue; ` +
    `k=$((k+1)); test $k -le ${maxTried} || break; ` +
    'v=$("$n" -p process.versions.node 2>/dev/null </dev/null); echo "moskit-node $v $n"; done; exit 0';
  const { code, stdout, stderr } = await runRemote(connection, script, options);
  // No answer is not the answer that there is none: a login shell may be broken, or allow no commands.
  if (code !== 0) {
    const said = stderr || cleanText(stdout) || 'it said nothing';
    throw new UnreachableError(`${options.name} runs no commands (exit ${code ?? 'unknown'}): ${said}`, {
      hint: `what is its login shell, and what does command="…" say for this key in authorized_keys there?`,
    });
  }
  return parseNodeJs(stdout);
}

/** Login scripts may have written before and between. */
export function parseNodeJs(text: string): readonly NodeJs[] {
  return text.split('\n').flatMap((line) => {
    const match = /moskit-node (\d+\.\d+\.\d+\S*) (\/.*)$/.exec(line);
    return match?.[1] !== undefined && match[2] !== undefined ? [{ version: match[1], path: match[2] }] : [];
  });
}

export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 20 || (major === 20 && minor >= 19);
}

export const neededNodeJs = '20.19';
