/** Load for people: 1.00 = one process on a standard processor (100 in the map). */
export function formatLoad(load: number): string {
  const value = load / 100;
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

const kibPerMib = 1024;
const kibPerGib = 1024 * 1024;

/** Three digits and a unit: `34 MiB`, `1.2 GiB`. */
export function formatKib(kib: number): string {
  if (kib < kibPerMib) return `${Math.round(kib)} KiB`;
  if (kib < 999.5 * kibPerMib) return `${threeDigits(kib / kibPerMib)} MiB`;
  if (kib < 999.5 * kibPerGib) return `${threeDigits(kib / kibPerGib)} GiB`;
  return `${threeDigits(kib / kibPerGib / 1024)} TiB`;
}

export function formatBytes(bytes: number): string {
  return bytes < 1024 ? `${Math.round(bytes)} B` : formatKib(bytes / 1024);
}

export function threeDigits(value: number): string {
  return value.toFixed(value < 9.95 ? 1 : 0);
}

/** A share of one processor as per cent. */
export function formatCpu(share: number): string {
  return `${Math.round(share * 100)}%`;
}

/** How long something took: `85 ms`, `0.8 s`, `75 s`. */
export function formatDuration(ms: number): string {
  if (ms < 100) return `${Math.round(ms)} ms`;
  return ms < 9_950 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/** How old something is: `4 s`, `2 min`, `3 h`. */
export function formatAge(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

/** Time of day, as the clock on the wall has it. */
export function formatClock(atMs: number): string {
  const at = new Date(atMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
}

export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
