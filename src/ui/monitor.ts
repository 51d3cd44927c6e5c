import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { exitCodes } from '../exit-codes.js';
import { messageOf } from '../errors.js';
import { initialState, receive, type MonitorState, type Settings, type Size } from './monitor-state.js';
import { press, type Intent, type MigrateIntent } from './press.js';
import { createScreen } from './screen.js';
import type { SnapshotSource } from './snapshot-source.js';
import { createStore, drawGaps, type Store } from './store.js';
import { guardTerminal, type Ending, type Terminal } from './terminal.js';
import { createTheme, type Environment } from './theme.js';

export interface MonitorOptions {
  readonly terminal: Terminal;
  readonly source: SnapshotSource;
  readonly settings: Settings;
  readonly env: Environment;
}

const firstNewsMs = 150;

/** The screen, from taking the terminal over to giving it back. Answers the exit code. */
export async function runMonitor({ terminal, source, settings, env }: MonitorOptions): Promise<number> {
  const store = createStore(initialState(sizeOf(terminal), settings));
  const screen = createScreen(terminal.stdout);
  let end: (ending: Ending) => void = () => undefined;
  const ended = new Promise<Ending>((resolve) => (end = resolve));
  const guard = guardTerminal(terminal, screen, {
    end,
    resize: () => {
      change(store, { size: sizeOf(terminal) });
      screen.repaint();
    },
  });
  let unmount = (): void => undefined;
  try {
    const news = new Promise<void>((resolve) => {
      void follow(source, store, resolve).catch((error: unknown) => end({ by: 'failure', error }));
    });
    const { mountMonitor } = await withoutFetch(() => import('./components/mount.js'));
    // Nearly always the first frame can be one with figures: an empty one before it would only flicker.
    await Promise.race([news, ended, delay(firstNewsMs)]);
    screen.enter();
    const act = (intent: Intent): void => {
      if (intent.intent === 'migrate') void send(source, store, intent);
      else if (intent.intent === 'quit') end({ by: 'user', interrupted: intent.interrupted });
      else if (intent.intent === 'suspend') guard.suspend();
      else screen.repaint();
    };
    unmount = mountMonitor({
      store,
      theme: createTheme(env),
      screen,
      stdin: terminal.stdin,
      onKey: (name) => pressKey(store, name, act),
    });
    return exitCodeOf(await ended);
  } finally {
    store.close();
    guard.release();
    unmount();
    source.close();
  }
}

/**
 * ink's layout engine asks at its start whether there is a `fetch`, and the mere question loads all of Node's HTTP
 * client: a tenth of the time to the first frame.
 */
async function withoutFetch<T>(load: () => Promise<T>): Promise<T> {
  const own = Object.getOwnPropertyDescriptor(globalThis, 'fetch');
  Object.defineProperty(globalThis, 'fetch', { value: undefined, configurable: true, writable: true });
  try {
    return await load();
  } finally {
    if (own) Object.defineProperty(globalThis, 'fetch', own);
  }
}

function pressKey(store: Store, name: string, act: (intent: Intent) => void): void {
  const { state, intent } = press(store.latest(), name);
  store.update(() => state, drawGaps.keyMs);
  if (intent) act(intent);
}

async function follow(source: SnapshotSource, store: Store, onNews: () => void): Promise<void> {
  const onTrouble = (trouble: string): void => change(store, { trouble });
  for await (const snapshot of source.snapshots(onTrouble)) {
    store.update((state) => receive(state, snapshot), drawGaps.newsMs);
    onNews();
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
