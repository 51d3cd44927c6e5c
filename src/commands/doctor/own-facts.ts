import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import type { ClusterMap } from '../../core/cluster-map.js';
import type { NodeFacts } from '../../core/doctor.js';
import { findCriu } from '../../jobs/criu-tools.js';
import { resolvePaths } from '../../paths.js';

import { protocolVersion, version } from '../../version.js';
import type { CommandContext } from '../command.js';
import { hasMapFile, readMap } from '../map-file.js';
import { hashOfMap } from './map-hash.js';

/** What this machine says when it is examined. */
export async function ownFacts(context: CommandContext): Promise<NodeFacts> {
  const map = await ownMap(context);
  const { uid, username } = userInfo();
  const criu = await findCriu();
  return {
    version,
    protocol: protocolVersion,
    uid,
    user: username,
    nowMs: Date.now(),
    mospe: map?.admin.mospe ?? 0,
    mapHash: map && map.config.entries.length > 0 ? hashOfMap(map.config) : null,
    freeKib: await freeKib(map?.admin.jobsroot ?? resolvePaths(context.env).jobsRoot),
    noCriu: criu.ok ? null : criu.reason,
  };
}

async function ownMap(context: CommandContext): Promise<ClusterMap | null> {
  const hasMap = hasMapFile(context.env) || (await context.runningMosd()) !== null;
  return hasMap ? readMap(context) : null;
}

/** The folder may not be there yet: that of its parent then. */
async function freeKib(folder: string): Promise<number> {
  if (!existsSync(folder) && dirname(folder) !== folder) return freeKib(dirname(folder));
  const { bavail, bsize } = await statfs(folder);
  return Math.floor((bavail * bsize) / 1024);
}
