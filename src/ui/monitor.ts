import { constants } from 'node:os';
import { exitCodes } from '../exit-codes.js';
import { messageOf } from '../errors.js';
import { drawFrame } from './frame.js';
import { initialState, receive, type MonitorState, type Settings, type Size } from './monitor-state.js';
import { press, type Intent, type MigrateIntent } from './press.js';
import { paint } from './row.js';
import { createScreen } from './screen.js';
import type { SnapshotSource } from './snapshot-source.js';
import { createStore, drawGaps, type Store } from './store.js';
import { holdTerminal, type Ending, type HeldTerminal, type Terminal } from './terminal.js';
import { createTheme, type Environment } from './theme.js';

export interface MonitorOptions {
  readonly terminal: Terminal;
  readonly source: SnapshotSource;
  readonly settings: Settings;
  readonly env: Environment;
}

/** The screen, from taking the terminal over to giving it back. Answers the exit code. */
export async function runMonitor({ terminal, source, settings, env }: MonitorOptions): Promise<number> {
  const theme = createTheme(env);
  const screen = createScreen(terminal.stdout);
  const store = createStore(initialState(sizeOf(terminal), settings), (state) =>
    screen.paint(drawFrame(state, theme).map((row) => paint(row, theme))),
  );
  let end: (ending: Ending) => void = () => undefined;
  const ended = new Promise<Ending>((resolve) => (end = resolve));
  const held: HeldTerminal = holdTerminal(terminal, screen, {
    end,
    resize: () => {
      change(store, { size: sizeOf(terminal) });
      screen.repaint();
    },
    key: (name) => {
      const { state, intent } = press(store.get(), name);
      store.update(() => state, drawGaps.keyMs);
      if (intent) act(intent);
    },
  });
  const act = (intent: Intent): void => {
    if (intent.intent === 'migrate') void send(source, store, intent);
    else if (intent.intent === 'quit') end({ by: 'user', interrupted: intent.interrupted });
    else if (intent.intent === 'suspend') held.suspend();
    else screen.repaint();
  };
  try {
    change(store, {});
    void follow(source, store).catch((error: unknown) => end({ by: 'failure', error }));
    return exitCodeOf(await ended);
  } finally {
    store.close();
    held.release();
    source.close();
  }
}

async function follow(source: SnapshotSource, store: Store): Promise<void> {
  const onTrouble = (trouble: string): void => change(store, { trouble });
  for await (const snapshot of source.snapshots(onTrouble)) {
    const isFirst = store.get().snapshot === null;
    store.update((state) => receive(state, snapshot), isFirst ? 0 : drawGaps.newsMs);
  }
}

async function send(source: SnapshotSource, store: Store, { job, to }: MigrateIntent): Promise<void> {
  const message = await source
    .migrate(job, to)
    .catch((error: unknown) => ({ kind: 'problem' as const, text: `${job} stays: ${messageOf(error)}` }));
  change(store, { message });
}

function change(store: Store, part: Partial<MonitorState>): void {
  store.update((state) => ({ ...state, ...part }), drawGaps.keyMs);
}

/** Asked of the terminal itself: after a stop nobody has told this process of a resize. */
function sizeOf({ stdout }: Terminal): Size {
  const [columns, rows] = stdout.getWindowSize();
  return { columns: columns || 80, rows: rows || 24 };
}

function exitCodeOf(ending: Ending): number {
  if (ending.by === 'failure') throw ending.error;
  if (ending.by === 'signal') return 128 + constants.signals[ending.signal];
  if (ending.by === 'hangup') return exitCodes.done;
  return ending.interrupted ? exitCodes.interrupted : exitCodes.done;
}
