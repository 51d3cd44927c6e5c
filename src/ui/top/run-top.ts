import { messageOf } from '../../errors.js';
import type { Message } from '../monitor-state.js';
import { runScreen, sizeOf } from '../run-screen.js';
import type { JobControl } from '../snapshot-source.js';
import { createStore, drawGaps, type Store } from '../store.js';
import type { Terminal } from '../terminal.js';
import { createTheme, type Environment } from '../theme.js';
import { pressTop, type TopIntent } from './press.js';
import { initialTop, receiveTop, type TopSettings, type TopState } from './top-state.js';

export interface TopOptions {
  readonly terminal: Terminal;
  readonly source: JobControl;
  readonly settings: TopSettings;
  readonly env: Environment;
}

/** mtop's screen. Answers the exit code. */
export function runTop({ terminal, source, settings, env }: TopOptions): Promise<number> {
  const store = createStore(initialTop(sizeOf(terminal), settings));
  return runScreen({
    terminal,
    source,
    store,
    receive: receiveTop,
    content: async (controls) => {
      const { topElement } = await import('../components/Top.js');
      const act = (intent: TopIntent): void => {
        if (intent.intent === 'quit') controls.quit(intent.interrupted);
        else if (intent.intent === 'suspend' || intent.intent === 'redraw') controls[intent.intent]();
        else if (intent.intent === 'migrate') say(store, intent.job, source.migrate(intent.job, intent.to));
        else say(store, intent.job, source.signal(intent.job, intent.signal));
      };
      const onKey = (name: string): void => {
        const { state, intent } = pressTop(store.latest(), name);
        store.update(() => state, drawGaps.keyMs);
        if (intent) act(intent);
      };
      return topElement({ store, theme: createTheme(env), onKey });
    },
  });
}

function say(store: Store<TopState>, job: string, answer: Promise<Message>): void {
  void answer
    .catch((error: unknown): Message => ({ kind: 'problem', text: `${job}: ${messageOf(error)}` }))
    .then((message) => store.update((state) => ({ ...state, message }), drawGaps.keyMs));
}
