import { execFile } from 'node:child_process';
import { errnoOf } from '../errors.js';
import { Slots } from './slots.js';

export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const maxOutputBytes = 1024 * 1024;
/** 200 nodes must not start 200 tools at once. */
const atOnce = new Slots(8);

/** Runs `ssh -G` and the like: bounded in time, output and number. Rejects when it does not run at all. */
export async function runTool(
  command: string,
  args: readonly string[],
  options: { readonly timeoutMs: number; readonly env: NodeJS.ProcessEnv },
): Promise<ToolResult> {
  await atOnce.take();
  try {
    return await run(command, args, options);
  } finally {
    atOnce.give();
  }
}

function run(
  command: string,
  args: readonly string[],
  options: { readonly timeoutMs: number; readonly env: NodeJS.ProcessEnv },
): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      { timeout: options.timeoutMs, killSignal: 'SIGKILL', maxBuffer: maxOutputBytes, env: options.env },
      (error, stdout, stderr) => {
        if (error === null) resolve({ code: 0, stdout, stderr });
        else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
        else reject(describe(command, error, options.timeoutMs));
      },
    );
    child.stdin?.end();
  });
}

export const installHint = 'install the OpenSSH client (ssh and ssh-keygen) on this machine';

/** The tool is not on this machine. */
export class ToolMissingError extends Error {}

function describe(command: string, error: Error & { killed?: boolean }, timeoutMs: number): Error {
  if (errnoOf(error) === 'ENOENT')
    return new ToolMissingError(`there is no ${command} here`, { cause: error });
  const why =
    error.killed === true ? `gave no answer within ${timeoutMs / 1000} s` : `did not run: ${error.message}`;
  return new Error(`${command} ${why}`, { cause: error });
}
