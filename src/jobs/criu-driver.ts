import { MoskitError } from '../errors.js';
import type { Driver } from './driver.js';

/** Why CRIU can't be used on this machine; null = it can. Asked once. */
export function criuProblem(): Promise<string | null> {
  return Promise.resolve('the criu driver is not built yet');
}

const notBuilt = (): Promise<never> => Promise.reject(new MoskitError('the criu driver is not built yet'));

/** Moves any process tree, unaware of it: memory pages stream to the target, both sides stay stopped until the commit. */
export const criuDriver: Driver = {
  name: 'criu',
  probe: async () => ({ ok: false, reasons: [(await criuProblem()) ?? ''] }),
  admit: criuProblem,
  freeze: notBuilt,
  thaw: notBuilt,
  discard: notBuilt,
  receivePages: notBuilt,
  restoreStopped: notBuilt,
  continue: notBuilt,
  discardRestored: notBuilt,
};
