import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { ReactNode } from 'react';
import type { ClusterSnapshot } from '../core/cluster-map.js';
import { exitCodes } from '../exit-codes.js';
import type { Size } from './monitor-state.js';
import { createScreen } from './screen.js';
import type { SnapshotSource } from './snapshot-source.js';
import { drawGaps, type Store } from './store.js';
import { guardTerminal, type Ending, type Terminal } from './terminal.js';

/** What every screen knows. */
export interface ScreenState {
  readonly size: Size;
  /** Why no news come, while none come. */
  readonly trouble: string | null;
}

/** What a screen does to its own terminal and process. */
export interface ScreenControls {
  quit(interrupted: boolean): void;
  suspend(): void;
  redraw(): void;
}

export interface ScreenOptions<State extends ScreenState> {
  readonly terminal: Terminal;
  readonly source: SnapshotSource;
  readonly store: Store<State>;
  readonly receive: (state: State, snapshot: ClusterSnapshot) => State;
  /** Loads what draws, and answers the content of the screen. */
  readonly content: (controls: ScreenControls) => Promise<ReactNode>;
}

const firstNewsMs = 150;

/** A screen, from taking the terminal over to giving it back. Answers the exit code. */
export async function runScreen<State extends ScreenState>({
  terminal,
  source,
  store,
  receive,
  content,
}: ScreenOptions<State>): Promise<number> {
  const screen = createScreen(terminal.stdout);
  let end: (ending: Ending) => void = () => undefined;
  const ended = new Promise<Ending>((resolve) => (end = resolve));
  const guard = guardTerminal(terminal, screen, {
    end,
    resize: () => {
      store.update((state) => ({ ...state, size: sizeOf(terminal) }), drawGaps.keyMs);
      screen.repaint();
    },
  });
  const follow = async (onNews: () => void): Promise<void> => {
    const onTrouble = (trouble: string): void =>
      store.update((state) => ({ ...state, trouble }), drawGaps.keyMs);
    for await (const snapshot of source.snapshots(onTrouble)) {
      store.update((state) => receive(state, snapshot), drawGaps.newsMs);
      onNews();
    }
  };
  let unmount = (): void => undefined;
  try {
    const news = new Promise<void>((resolve) => {
      void follow(resolve).catch((error: unknown) => end({ by: 'failure', error }));
    });
    const controls: ScreenControls = {
      quit: (interrupted) => end({ by: 'user', interrupted }),
      suspend: () => guard.suspend(),
      redraw: () => screen.repaint(),
    };
    const [{ mountScreen }, drawn] = await withoutFetch(() =>
      Promise.all([import('./components/mount.js'), content(controls)]),
    );
    // Nearly always the first frame can be one with figures: an empty one before it would only flicker.
    await Promise.race([news, ended, delay(firstNewsMs)]);
    screen.enter();
    unmount = mountScreen(drawn, { store, screen, stdin: terminal.stdin });
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

/** Asked of the terminal itself: after a stop nobody has told this process of a resize. */
export function sizeOf({ stdout }: Terminal): Size {
  const [columns, rows] = stdout.getWindowSize();
  return { columns: columns || 80, rows: rows || 24 };
}

function exitCodeOf(ending: Ending): number {
  if (ending.by === 'failure') throw ending.error;
  if (ending.by === 'signal') return 128 + constants.signals[ending.signal];
  if (ending.by === 'hangup') return exitCodes.done;
  return ending.interrupted ? exitCodes.interrupted : exitCodes.done;
}
