import { MoskitError } from '../errors.js';

/** mosd's log: lines with a time stamp. Never an environment, a key or a job's data. */
export interface Log {
  write(line: string): void;
  error(error: unknown): void;
}

export function createLog(out: (text: string) => void, now: () => Date): Log {
  const write = (line: string): void => out(`${now().toISOString()} ${line.replace(/[\r\n]+/g, ' ')}\n`);
  return {
    write,
    error: (error) => {
      if (error instanceof MoskitError) write(error.message);
      else write(error instanceof Error ? (error.stack ?? error.message) : String(error));
    },
  };
}
