import { appendFileSync, renameSync, statSync } from 'node:fs';

const rotateBytes = 8 * 1024 * 1024;

/**
 * Appends to the log; at 8 MiB the file becomes `mosd.log.1`, whose predecessor goes. A disk that takes no more must not
 * end mosd, whose jobs are worth more than its log.
 */
export function logFile(path: string): (text: string) => void {
  let isTorn = false;
  return (text) => {
    try {
      if (sizeOf(path) > rotateBytes) renameSync(path, `${path}.1`);
      // What a full disk took of a line must not spoil the next one.
      appendFileSync(path, isTorn ? `\n${text}` : text, { mode: 0o600 });
      isTorn = false;
    } catch {
      isTorn = true;
      // nowhere is left to say it
    }
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
