import { PassThrough } from 'node:stream';
import { EventEmitter } from 'node:events';
import xterm from '@xterm/headless';
import type { ClusterSnapshot } from '../../src/core/cluster-map.js';
import { runMonitor } from '../../src/ui/monitor.js';
import type { Message, Settings } from '../../src/ui/monitor-state.js';
import type { SnapshotSource } from '../../src/ui/snapshot-source.js';

export interface HarnessOptions {
  readonly columns: number;
  readonly rows: number;
  readonly settings?: Settings;
  readonly env?: Readonly<Record<string, string>>;
  readonly answer?: Message;
}

/** The whole monitor on a terminal emulator, without a process of its own. */
export function openMonitor(options: HarnessOptions) {
  const terminal = new xterm.Terminal({ cols: options.columns, rows: options.rows, allowProposedApi: true });
  const written: string[] = [];
  const size = { columns: options.columns, rows: options.rows };
  const stdout = Object.assign(new EventEmitter(), {
    isTTY: true,
    getWindowSize: () => [size.columns, size.rows],
    write: (text: string) => {
      written.push(text);
      terminal.write(text);
      return true;
    },
  });
  const rawModes: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (mode: boolean) => rawModes.push(mode),
    ref: () => undefined,
    unref: () => undefined,
  });
  const feed = makeFeed(options.answer ?? { kind: 'info', text: 'moved' });
  const exitCode = runMonitor({
    terminal: {
      stdin: stdin as unknown as NodeJS.ReadStream,
      stdout: stdout as unknown as NodeJS.WriteStream,
    },
    source: feed.source,
    settings: options.settings ?? {},
    env: { LANG: 'C.UTF-8', TERM: 'xterm-256color', ...options.env },
  });
  const flushed = (): Promise<void> => new Promise((resolve) => terminal.write('', resolve));
  return {
    terminal,
    written,
    rawModes,
    listeners: () => ({
      data: stdin.listenerCount('data'),
      end: stdin.listenerCount('end'),
      close: stdin.listenerCount('close'),
      resize: stdout.listenerCount('resize'),
    }),
    exitCode,
    feed,
    press: (keys: string) => void stdin.write(keys),
    hangUp: () => void stdin.end(),
    resize: (columns: number, rows: number) => {
      Object.assign(size, { columns, rows });
      terminal.resize(columns, rows);
      stdout.emit('resize');
    },
    /** What a person sees now. */
    frame: async (): Promise<string> => {
      await flushed();
      return screenText(terminal);
    },
    /** The frame as soon as it satisfies `wanted`; the last one seen is in the error. */
    frameWith: async (wanted: string | RegExp | ((frame: string) => boolean)): Promise<string> => {
      const fits = (frame: string): boolean =>
        typeof wanted === 'function'
          ? wanted(frame)
          : wanted instanceof RegExp
            ? wanted.test(frame)
            : frame.includes(wanted);
      const deadline = Date.now() + 20_000;
      for (;;) {
        await flushed();
        const frame = screenText(terminal);
        if (fits(frame)) return frame;
        if (Date.now() > deadline) throw new Error(`not on the screen: ${String(wanted)}\n${frame}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    quit: async (): Promise<number> => {
      if (!stdin.writableEnded) stdin.write('q');
      return exitCode;
    },
  };
}

export function screenText(terminal: InstanceType<typeof xterm.Terminal>): string {
  const { active } = terminal.buffer;
  const rows = Array.from(
    { length: terminal.rows },
    (_, row) => active.getLine(active.viewportY + row)?.translateToString(true) ?? '',
  );
  return rows
    .map((row) => row.trimEnd())
    .join('\n')
    .trimEnd();
}

function makeFeed(answer: Message) {
  const waiting: ClusterSnapshot[] = [];
  const migrations: { readonly job: string; readonly to: unknown }[] = [];
  let wake: () => void = () => undefined;
  let state: 'open' | 'closed' | Error = 'open';
  let trouble: (reason: string) => void = () => undefined;
  const source: SnapshotSource = {
    async *snapshots(onTrouble) {
      trouble = onTrouble;
      while (state === 'open') {
        const next = waiting.shift();
        if (next) yield next;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
      if (state instanceof Error) throw state;
    },
    migrate: (job, to) => {
      migrations.push({ job, to });
      return Promise.resolve(answer);
    },
    close: () => {
      if (state === 'open') state = 'closed';
      wake();
    },
  };
  return {
    source,
    migrations,
    isClosed: () => state === 'closed',
    put: (snapshot: ClusterSnapshot) => {
      waiting.push(snapshot);
      wake();
    },
    trouble: (reason: string) => trouble(reason),
    fail: (error: Error) => {
      state = error;
      wake();
    },
  };
}
