import { messageOf } from '../errors.js';
import { initialState, receive, type MonitorState, type Settings } from './monitor-state.js';
import { press, type Intent, type MigrateIntent } from './press.js';
import { runScreen, sizeOf } from './run-screen.js';
import type { SnapshotSource } from './snapshot-source.js';
import { createStore, drawGaps, type Store } from './store.js';
import type { Terminal } from './terminal.js';
import { createTheme, type Environment } from './theme.js';

export interface MonitorOptions {
  readonly terminal: Terminal;
  readonly source: SnapshotSource;
  readonly settings: Settings;
  readonly env: Environment;
}

/** mosmon's screen. Answers the exit code. */
export function runMonitor({ terminal, source, settings, env }: MonitorOptions): Promise<number> {
  const store = createStore(initialState(sizeOf(terminal), settings));
  return runScreen({
    terminal,
    source,
    store,
    receive,
    content: async (controls) => {
      const { monitorElement } = await import('./components/Monitor.js');
      const act = (intent: Intent): void => {
        if (intent.intent === 'migrate') void send(source, store, intent);
        else if (intent.intent === 'quit') controls.quit(intent.interrupted);
        else controls[intent.intent]();
      };
      return monitorElement({
        store,
        theme: createTheme(env),
        onKey: (name) => pressKey(store, name, act),
      });
    },
  });
}

function pressKey(store: Store<MonitorState>, name: string, act: (intent: Intent) => void): void {
  const { state, intent } = press(store.latest(), name);
  store.update(() => state, drawGaps.keyMs);
  if (intent) act(intent);
}

async function send(
  source: SnapshotSource,
  store: Store<MonitorState>,
  { job, to }: MigrateIntent,
): Promise<void> {
  const message = await source
    .migrate(job, to)
    .catch((error: unknown) => ({ kind: 'problem' as const, text: `${job} stays: ${messageOf(error)}` }));
  store.update((state) => ({ ...state, message }), drawGaps.keyMs);
}
