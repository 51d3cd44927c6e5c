import { release } from 'node:os';
import { loadJsonFile, saveJsonFile, type JsonCheck } from '../state/json-file.js';

/** What a machine is: asked once, because asking costs a quarter of a second. */
export interface Inventory {
  readonly model: string;
  readonly cores: number;
  readonly memoryKib: number;
  readonly os: string;
  readonly kernel: string;
  readonly arch: string;
}

/** From the cache file, or from systeminformation when there is none or the kernel has changed since. */
export async function readInventory(cachePath: string): Promise<Inventory> {
  const cached = await loadJsonFile(cachePath, { check: checkInventory });
  if (cached.kind === 'ok' && cached.value.kernel === release()) return cached.value;
  const inventory = await takeInventory();
  await saveJsonFile(cachePath, inventory, { durable: false });
  return inventory;
}

async function takeInventory(): Promise<Inventory> {
  const { default: si } = await import('systeminformation');
  const [cpu, mem, os] = await Promise.all([si.cpu(), si.mem(), si.osInfo()]);
  return {
    model: [cpu.manufacturer, cpu.brand].filter(Boolean).join(' ') || 'unknown',
    cores: cpu.cores,
    memoryKib: Math.floor(mem.total / 1024),
    os: [os.distro, os.release].filter(Boolean).join(' ') || os.platform,
    kernel: release(),
    arch: os.arch,
  };
}

const checkInventory: JsonCheck<Inventory> = (value) => {
  const found = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const texts = ['model', 'os', 'kernel', 'arch'].filter((name) => typeof found[name] !== 'string');
  const numbers = ['cores', 'memoryKib'].filter((name) => !Number.isFinite(found[name]));
  const problems = [...texts, ...numbers].map((name) => `${name} is missing`);
  return problems.length === 0 ? { ok: true, value: found as unknown as Inventory } : { ok: false, problems };
};
