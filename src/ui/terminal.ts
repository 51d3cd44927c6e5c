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

interface Guard {
  /** Stops this process (and its job, as the terminal does); comes back when it is continued. */
  suspend(): void;
  release(): void;
}

const endingSignals = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const;
const stopCheckMs = 100;

/** Sees to it that the terminal is given back on every way out, and taken again after a stop. */
export function guardTerminal(
  terminal: Terminal,
  screen: Screen,
  on: { readonly end: (ending: Ending) => void; readonly resize: () => void },
): Guard {
  const { stdin, stdout } = terminal;
  const takeBack = (): void => {
    if (stdin.isTTY) {
      // Off and on: the shell has changed the mode without this process seeing it.
      stdin.setRawMode(false);
      stdin.setRawMode(true);
    }
    screen.enter();
    screen.repaint();
    on.resize();
  };
  const giveBack = (): void => {
    quietly(() => screen.leave());
    quietly(() => stdin.isTTY && stdin.setRawMode(false));
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
  return {
    suspend,
    release: () => {
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

/** The terminal may be gone. */
function quietly(act: () => unknown): void {
  try {
    act();
  } catch {
    // Nobody is there to be told.
  }
}
