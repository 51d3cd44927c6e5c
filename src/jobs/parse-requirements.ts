import { ProtocolError } from '../errors.js';
import type { FileFingerprint, MoveRequirements } from './driver.js';

const mostEntries = 100_000;

/** Requirements come from another machine: nothing of them is taken on trust. */
export function parseRequirements(value: unknown): MoveRequirements {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const { driver, arch, rssKib, criuVersion, dir, ownClock } = given;
  const isFit =
    (driver === 'criu' || driver === 'app' || driver === 'restart') &&
    typeof arch === 'string' &&
    typeof rssKib === 'number' &&
    (criuVersion === null || typeof criuVersion === 'number') &&
    (dir === undefined || isPath(dir));
  if (!isFit) throw new ProtocolError('the requirements of a move make no sense');
  return {
    driver,
    arch,
    rssKib,
    criuVersion,
    cpuFlags: listOf(given['cpuFlags'], isText),
    files: listOf(given['files'], isFingerprint),
    folders: listOf(given['folders'] ?? [], isPath),
    pids: listOf(given['pids'], isPid),
    ownClock: ownClock === true,
    ...(dir === undefined ? {} : { dir }),
  };
}

function listOf<T>(value: unknown, isItem: (item: unknown) => item is T): readonly T[] {
  if (!Array.isArray(value) || value.length > mostEntries || !value.every(isItem)) {
    throw new ProtocolError('the requirements of a move make no sense');
  }
  return value;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isPath(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('/') && !value.includes('\0');
}

function isPid(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0;
}

function isFingerprint(value: unknown): value is FileFingerprint {
  if (typeof value !== 'object' || value === null) return false;
  const { path, size, id } = value as Record<string, unknown>;
  return isPath(path) && typeof size === 'number' && typeof id === 'string';
}
