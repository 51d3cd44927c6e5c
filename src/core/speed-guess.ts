/** The standard processor, speed 10000, is a server core at 2.6 GHz (daemon/calibrate measures against it). */
export const standardMhz = 2600;
const standardSpeed = 10_000;

/**
 * A guess from /proc/cpuinfo, for nodes where nothing can be measured: speed goes by the clock rate, whatever the
 * processor makes of it. The rate in the model's name is its usual one; `cpu MHz` is the one of this moment, low on an
 * idle machine, so the fastest processor counts. Without either (arm), the node counts as standard.
 */
export function guessSpeed(cpuinfo: string): number {
  const named = /^model name\s*:.*@\s*([\d.]+)\s*GHz/m.exec(cpuinfo);
  const current = [...cpuinfo.matchAll(/^cpu MHz\s*:\s*([\d.]+)/gm)].map(([, mhz]) => Number(mhz));
  const mhz = named ? Number(named[1]) * 1000 : Math.max(0, ...current);
  return mhz > 0
    ? Math.max(100, Math.round(((mhz / standardMhz) * standardSpeed) / 100) * 100)
    : standardSpeed;
}
