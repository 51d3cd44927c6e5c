/** KiB. */
export interface Meminfo {
  readonly totalKib: number;
  /** Not used by anything at all. */
  readonly freeKib: number;
  /** Free, or freed by the kernel as soon as somebody wants it. */
  readonly availableKib: number;
  readonly swapFreeKib: number;
}

/** Null when the text is no /proc/meminfo. Kernels before 3.14 have no MemAvailable: free + cache stands in for it. */
export function parseMeminfo(text: string): Meminfo | null {
  const fields = new Map<string, number>();
  for (const match of text.matchAll(/^(\w+):\s+(\d+)/gm)) fields.set(match[1]!, Number(match[2]));
  const totalKib = fields.get('MemTotal');
  const freeKib = fields.get('MemFree');
  if (totalKib === undefined || freeKib === undefined) return null;
  const cacheKib = (fields.get('Buffers') ?? 0) + (fields.get('Cached') ?? 0);
  return {
    totalKib,
    freeKib,
    availableKib: fields.get('MemAvailable') ?? freeKib + cacheKib,
    swapFreeKib: fields.get('SwapFree') ?? 0,
  };
}
