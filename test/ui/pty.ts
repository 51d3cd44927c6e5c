import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import xterm from '@xterm/headless';
import { screenText } from './monitor-harness.js';

/** util-linux' script(1) gives a program a real terminal. Null when it is there, else why a test has to be skipped. */
export const noPty: string | null = (() => {
  const found = spawnSync('script', ['--version'], { encoding: 'utf8' });
  if (found.error || !found.stdout.includes('util-linux')) return 'no script(1) of util-linux';
  return process.platform === 'linux' ? null : 'needs Linux';
})();

export type Pty = ReturnType<typeof openPty>;

/** Runs a shell command on a terminal of its own of the given size. */
export function openPty(
  command: string,
  size: { readonly columns: number; readonly rows: number },
  env: NodeJS.ProcessEnv,
) {
  const terminal = new xterm.Terminal({ cols: size.columns, rows: size.rows, allowProposedApi: true });
  let output = '';
  const child = spawn(
    'script',
    ['-qefc', `stty cols ${size.columns} rows ${size.rows}; ${command}`, '/dev/null'],
    { env, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  child.stdin.on('error', () => undefined);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    terminal.write(text);
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const flushed = (): Promise<void> => new Promise((resolve) => terminal.write('', resolve));
  const until = async (what: string, fits: () => boolean | Promise<boolean>): Promise<void> => {
    const deadline = Date.now() + 30_000;
    while (!(await fits())) {
      if (Date.now() > deadline) throw new Error(`waited for ${what}; the screen:\n${screenText(terminal)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return {
    terminal,
    child,
    ended,
    output: () => output,
    type: (keys: string) => void child.stdin.write(keys),
    until,
    /** Waits for the text to be on the screen. */
    shows: (text: string | RegExp) =>
      until(String(text), async () => {
        await flushed();
        const screen = screenText(terminal);
        return typeof text === 'string' ? screen.includes(text) : text.test(screen);
      }),
    isAlternate: async (): Promise<boolean> => {
      await flushed();
      return terminal.buffer.active.type === 'alternate';
    },
    close: async () => {
      child.stdin.end();
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** State letter of a process (`S`, `T` = stopped); null when it has ended. */
export function processState(pid: number): string | null {
  try {
    return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? null;
  } catch {
    return null;
  }
}
