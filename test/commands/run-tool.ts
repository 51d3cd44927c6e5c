import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { dirname, join } from 'node:path';

export const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface ToolRun {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of bin/, as a user would: `runTool(['mosctl', 'isup', '1'], …)`. */
export async function runTool(
  [name = '', ...args]: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly stdin?: string } = { env: process.env },
): Promise<ToolRun> {
  const child = startTool([name, ...args], options.env);
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.stdin ?? '');
  return endOf(child);
}

/** No tool runs for ever, whatever is wrong with it: it would outlive the test that gave it up. */
const longestRunMs = 60_000;

export function startTool([name = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const path = join(repository, 'bin', `${name}.js`);
  return spawn(process.execPath, [path, ...args], {
    env,
    stdio: 'pipe',
    timeout: longestRunMs,
    killSignal: 'SIGKILL',
  });
}

export async function endOf(child: ChildProcess): Promise<ToolRun> {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...output }));
  });
}
