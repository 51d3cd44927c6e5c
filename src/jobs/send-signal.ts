import { errnoOf } from '../errors.js';

/** Signals a process, or a group when the number is negative; one that has gone is no error. */
export function send(target: number, signal: string): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}
