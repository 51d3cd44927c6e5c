import type { MoveOutcome } from '../protocol/messages.js';

/** `1-17: 1 -> 3, stood still 0.84 s, 34.1 MiB moved (criu)`, or why the job stays where it is. */
export function describeOutcome(outcome: MoveOutcome): string {
  if (!outcome.moved) return `${outcome.job} stays on node ${outcome.where}: ${outcome.reason}`;
  const { from, to, frozenMs, bytes, driver } = outcome.record;
  return (
    `${outcome.job}: ${from} -> ${to}, stood still ${(frozenMs / 1000).toFixed(2)} s, ` +
    `${formatBytes(bytes)} moved (${driver})`
  );
}

export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`;
}
