import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { upMs } from '../../cluster/discovery.js';
import { current, noProposals, type Proposal, type Proposals } from '../../core/proposals.js';
import { isNodeId, type NodeId } from '../../core/ids.js';
import { parseIpv4 } from '../../core/map-address.js';
import { parseJson } from '../../core/json-text.js';
import { resolvePaths } from '../../paths.js';
import { loadJsonFile, saveJsonFile, type JsonCheck } from '../../state/json-file.js';
import { readLimited } from '../../state/read-limited.js';

const fileOf = (env: NodeJS.ProcessEnv, name: string): string => join(resolvePaths(env).stateDir, name);
const isId = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{32}$/.test(value);

/** What this machine calls itself in its packets; made once. Null where mosdiscd never ran. */
export async function discoveryId(env: NodeJS.ProcessEnv): Promise<string | null> {
  const loaded = await loadJsonFile(fileOf(env, 'discovery-id'), { limitBytes: 1024 });
  return loaded.kind === 'ok' && isId(loaded.value) ? loaded.value : null;
}

export async function makeDiscoveryId(env: NodeJS.ProcessEnv): Promise<string> {
  const known = await discoveryId(env);
  if (known !== null) return known;
  const id = randomBytes(16).toString('hex');
  await saveJsonFile(fileOf(env, 'discovery-id'), id, { durable: true });
  return id;
}

export function saveProposals(env: NodeJS.ProcessEnv, proposals: Proposals): Promise<void> {
  return saveJsonFile(fileOf(env, 'discovered.json'), proposals, { durable: false });
}

/** What mosdiscd has heard lately; nothing where it does not run. */
export async function readProposals(env: NodeJS.ProcessEnv): Promise<Proposals> {
  const loaded = await loadJsonFile(fileOf(env, 'discovered.json'), { limitBytes: 1_000_000, check });
  return loaded.kind === 'ok' ? current(loaded.value, upMs()) : noProposals;
}

const check: JsonCheck<Proposals> = (value) => {
  const { machines, dropped } = (value ?? {}) as Partial<Proposals>;
  if (Array.isArray(machines) && machines.every(isProposal) && typeof dropped === 'number')
    return { ok: true, value: { machines, dropped } };
  return { ok: false, problems: ['these are no proposals'] };
};

function isProposal(value: unknown): value is Proposal {
  const { address, id, name, node, firstAtMs, lastAtMs, isMutual } = (value ?? {}) as Partial<Proposal>;
  return (
    typeof address === 'string' &&
    parseIpv4(address) !== null &&
    isId(id) &&
    typeof name === 'string' &&
    (node === 0 || isNodeId(node)) &&
    typeof firstAtMs === 'number' &&
    typeof lastAtMs === 'number' &&
    typeof isMutual === 'boolean'
  );
}

/** This machine's number, straight from the file: whoever only announces it must not disturb mosd. */
export async function ownNumber(env: NodeJS.ProcessEnv): Promise<NodeId | 0> {
  const read = await readLimited(resolvePaths(env).map, 16 * 1024 * 1024);
  if (read.kind !== 'ok') return 0;
  const json = parseJson(read.bytes.toString('utf8'));
  const map = (json.ok ? json.value : null) as { readonly admin?: { readonly mospe?: unknown } } | null;
  const mospe = map?.admin?.mospe;
  return isNodeId(mospe) ? mospe : 0;
}
