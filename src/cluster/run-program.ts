import { MoskitError } from '../errors.js';
import type { Connection } from '../transport/transport.js';
import { findNodeJs, isNewEnough, neededNodeJs } from './find-node.js';
import { isPlainPath } from './greet.js';
import { installProgram, programPath, readProgram } from './install.js';
import { runRemote, type RemoteResult } from './remote-shell.js';

/** The node answers, but nothing of ours can run on it. */
export class NoNodeJsError extends MoskitError {
  override readonly code: string = 'no-node-js';
}

export interface RemoteRun {
  /** Path of the bundle on this machine; it is copied when it is not there yet. */
  readonly program: string;
  /** Words of letters, digits and a few signs: they go into a script that every login shell passes on. */
  readonly args: readonly string[];
  readonly name: string;
  readonly timeoutMs: number;
  readonly input?: string;
}

const noProgramCode = 191;

/** Runs a command of this very program on a node, to its end. Rejects with UnreachableError or NoNodeJsError. */
export async function runProgram(connection: Connection, run: RemoteRun): Promise<RemoteResult> {
  const odd = run.args.find((word) => !/^[A-Za-z0-9_.:,=/-]+$/.test(word));
  if (odd !== undefined) throw new Error(`no word for a remote command line: ${odd}`);
  const { name, timeoutMs } = run;
  const nodeJs = await usableNodeJs(connection, name, timeoutMs);
  const program = await readProgram(run.program);
  const script = `p=${programPath(program)}; test -f "$p" || exit ${noProgramCode}; exec "${nodeJs}" "$p" ${run.args.join(' ')}`;
  const options = {
    name,
    timeoutMs,
    ...(run.input === undefined ? {} : { input: Buffer.from(run.input) }),
  };
  const first = await runRemote(connection, script, options);
  if (first.code !== noProgramCode) return first;
  await installProgram(connection, program, { name, timeoutMs });
  return runRemote(connection, script, options);
}

async function usableNodeJs(connection: Connection, name: string, timeoutMs: number): Promise<string> {
  const found = await findNodeJs(connection, { name, timeoutMs });
  const usable = found.find(({ version, path }) => isNewEnough(version) && isPlainPath(path));
  if (usable) return usable.path;
  const [best] = found;
  const what = best ? `its Node.js ${best.version} is too old` : 'there is no Node.js on it';
  throw new NoNodeJsError(`${name}: ${what}; ${neededNodeJs} or newer is needed`, {
    hint: 'install Node.js there; until then it is only watched',
  });
}
