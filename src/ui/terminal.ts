import { createKeyboard } from './keyboard.js';
import type { Screen } from './screen.js';

/** The user's terminal, both directions. */
export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
}

/** Why the monitor ends. */
export type Ending =
  | { readonly by: 'user'; readonly interrupted: boolean }
  | { readonly by: 'signal'; readonly signal: NodeJS.Signals }
  /** The terminal has gone away. */
  | { readonly by: 'hangup' }
  | { readonly by: 'failure'; readonly error: unknown };

export interface TerminalEvents {
  readonly end: (ending: Ending) => void;
  readonly resize: () => void;
  readonly key: (name: string) => void;
}

export interface HeldTerminal {
  /** Stops this process (and its job, as the terminal does); comes back when it is continued. */
  suspend(): void;
  release(): void;
}

const endingSignals = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const;
const stopCheckMs = 100;

/** Takes the terminal over, and sees to it that it is given back on every way out and taken again after a stop. */
export function holdTerminal(terminal: Terminal, screen: Screen, on: TerminalEvents): HeldTerminal {
  const { stdin, stdout } = terminal;
  const take = (): void => {
    // Off and on: a shell may have changed the mode without this process seeing it.
    stdin.setRawMode(false);
    stdin.setRawMode(true);
    screen.enter();
  };
  const takeBack = (): void => {
    take();
    screen.repaint();
    on.resize();
  };
  const giveBack = (): void => {
    quietly(() => screen.leave());
    quietly(() => stdin.setRawMode(false));
  };
  const suspend = (): void => {
    giveBack();
    process.off('SIGTSTP', suspend);
    process.kill(0, 'SIGTSTP');
    // Where nobody could continue it, the system does not stop a process: then this goes on at once.
    setTimeout(() => {
      process.on('SIGTSTP', suspend);
      takeBack();
    }, stopCheckMs);
  };
  const hangup = (): void => on.end({ by: 'hangup' });
  const bySignal = (signal: NodeJS.Signals): void => on.end({ by: 'signal', signal });

  for (const signal of endingSignals) process.on(signal, bySignal);
  process.on('SIGTSTP', suspend);
  process.on('SIGCONT', takeBack);
  // Also after an error that nobody caught: it is printed when this was done.
  process.on('exit', giveBack);
  stdout.on('resize', on.resize);
  stdout.on('error', hangup);
  stdin.on('end', hangup);
  stdin.on('close', hangup);
  const stopListening = listenToKeys(stdin, on.key);
  take();
  return {
    suspend,
    release: () => {
      stopListening();
      giveBack();
      for (const signal of endingSignals) process.off(signal, bySignal);
      process.off('SIGTSTP', suspend);
      process.off('SIGCONT', takeBack);
      process.off('exit', giveBack);
      stdout.off('resize', on.resize);
      stdin.off('end', hangup);
      stdin.off('close', hangup);
    },
  };
}

/** A sequence of one key comes in one piece, or with a gap of this long at most. */
const escapeMs = 50;

function listenToKeys(stdin: NodeJS.ReadStream, onKey: (name: string) => void): () => void {
  const keyboard = createKeyboard();
  let timer: NodeJS.Timeout | undefined;
  const onData = (text: string): void => {
    clearTimeout(timer);
    keyboard.read(text).forEach(onKey);
    if (keyboard.isWaiting()) timer = setTimeout(() => keyboard.rest().forEach(onKey), escapeMs);
  };
  stdin.setEncoding('utf8');
  stdin.on('data', onData);
  return () => {
    clearTimeout(timer);
    stdin.off('data', onData);
    stdin.pause();
  };
}

/** The terminal may be gone. */
function quietly(act: () => unknown): void {
  try {
    act();
  } catch {
    // Nobody is there to be told.
  }
}
