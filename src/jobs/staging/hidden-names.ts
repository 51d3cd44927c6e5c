import { createHash, randomBytes } from 'node:crypto';

/** Names of files that moskit itself puts, for a moment, into folders that are not its own. */
const probePattern = /^\.moskit-probe-[0-9a-f]{32}$/;

export function newProbeName(): string {
  return `.moskit-probe-${randomBytes(16).toString('hex')}`;
}

export function isProbeName(name: string): boolean {
  return probePattern.test(name);
}

/** A file that is still being written; it gets its own name when it is complete. */
export function newPartName(): string {
  return `.moskit-${randomBytes(8).toString('hex')}.part`;
}

/** The same name at every attempt, so that one that was killed half-way leaves nothing behind. */
export function partNameFor(job: string, path: string): string {
  return `.moskit-${job}-${createHash('sha256').update(path, 'latin1').digest('hex').slice(0, 16)}.part`;
}
