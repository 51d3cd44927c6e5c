import { spawn } from 'node:child_process';
import { programPath } from '../../program-path.js';

export interface JobRun {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface StartedJob {
  /** Of the deputy. */
  readonly pid: number | undefined;
  readonly ended: Promise<JobRun>;
}

const mostOutput = 64 * 1024 * 1024;

/** `mosrun ARGS` as a user would start it. */
export function startJob(
  args: readonly string[],
  options: {
    readonly env: NodeJS.ProcessEnv;
    readonly cwd: string;
    readonly timeoutMs: number;
    readonly input?: Buffer;
  },
): StartedJob {
  const child = spawn(process.execPath, [programPath(options.env), 'mosrun', ...args], {
    env: options.env,
    cwd: options.cwd,
    stdio: 'pipe',
    timeout: Math.max(1, options.timeoutMs),
    // The deputy passes it on: the job ends with it.
    killSignal: 'SIGTERM',
  });
  const out: Buffer[] = [];
  let bytes = 0;
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= mostOutput) out.push(chunk);
    else child.kill('SIGTERM');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-2000)));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const ended = new Promise<JobRun>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout: Buffer.concat(out), stderr: stderr.trim() }));
  });
  return { pid: child.pid, ended };
}
