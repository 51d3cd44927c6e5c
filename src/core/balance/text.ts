/** `5.2 s`; whole seconds from ten on. */
export function formatSeconds(ms: number): string {
  const seconds = ms / 1000;
  return `${seconds.toFixed(Math.abs(seconds) < 10 ? 1 : 0)} s`;
}

export function formatMib(kib: number): string {
  return `${Math.round(kib / 1024)} MiB`;
}

export function formatCount(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}
