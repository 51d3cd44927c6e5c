import { execFile } from 'node:child_process';
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
        else if (error.killed === true)
          reject(new Error(`${command} gave no answer within ${options.timeoutMs / 1000} s`));
        else reject(new Error(`${command} did not run: ${error.message}`, { cause: error }));
      },
    );
    child.stdin?.end();
  });
}
