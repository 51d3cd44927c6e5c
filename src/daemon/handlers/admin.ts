import type { Admin, ClusterConfig, DecayPolicy } from '../../core/cluster-map.js';
import type { NodeId } from '../../core/ids.js';
import { parseMap } from '../../core/map-schema.js';
import { RefusedError, UsageError } from '../../errors.js';
import type { Daemon } from '../context.js';
import { measureSpeed } from '../measure-speed.js';

/** `setpe -w`: a new map. Refused while own jobs or guests would lose the ground under their feet. */
export async function setConfig(
  daemon: Daemon,
  { config, mospe }: { readonly config: ClusterConfig; readonly mospe: NodeId | 0 },
): Promise<Record<string, never>> {
  const current = daemon.map.map;
  const candidate = { ...current, config, admin: { ...current.admin, mospe } };
  const parsed = parseMap(JSON.parse(JSON.stringify(candidate)));
  if (!parsed.ok) {
    const problem = parsed.problems[0];
    throw new UsageError(`the map is not right: ${problem?.place ?? ''}: ${problem?.message ?? ''}`);
  }
  const active = daemon.home?.homes.active().length ?? 0;
  if (mospe !== current.admin.mospe && active > 0) {
    throw new RefusedError(
      `${active} jobs were born here as node ${current.admin.mospe}: the number can't change now`,
      {
        hint: 'wait for them, or end them: mps',
      },
    );
  }
  await daemon.map.update((old) => ({ ...old, config, admin: { ...old.admin, mospe }, nodes: {} }), {
    durable: true,
  });
  const reason = `the map: ${JSON.stringify(config)}, this is node ${mospe}`;
  daemon.guestContext.history.add({ event: 'set', reason });
  await daemon.reconfigure();
  return {};
}

export async function setAdmin(
  daemon: Daemon,
  { admin }: { readonly admin: Partial<Admin> },
): Promise<{ readonly admin: Admin }> {
  const speedset = admin.speed === undefined ? {} : ({ speedset: admin.speed === null ? 0 : 1 } as const);
  await daemon.map.update((old) => ({ ...old, admin: { ...old.admin, ...admin, ...speedset } }), {
    durable: true,
  });
  daemon.guestContext.history.add({ event: 'set', reason: settingsText(admin) });
  if (admin.speed === null) measureSpeed(daemon);
  return { admin: daemon.map.map.admin };
}

export function settings(daemon: Daemon): Promise<{ readonly admin: Admin; readonly decay: DecayPolicy }> {
  const { admin, decay } = daemon.map.map;
  return Promise.resolve({ admin, decay });
}

export async function setDecay(
  daemon: Daemon,
  { decay }: { readonly decay: DecayPolicy },
): Promise<Record<string, never>> {
  await daemon.map.update((old) => ({ ...old, decay }), { durable: true });
  daemon.guestContext.history.add({ event: 'set', reason: `decay ${JSON.stringify(decay)}` });
  return {};
}

function settingsText(admin: Partial<Admin>): string {
  return Object.entries(admin)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(', ');
}
