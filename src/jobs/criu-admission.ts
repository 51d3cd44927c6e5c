import { arch } from 'node:os';
import { findCriu } from './criu-tools.js';
import type { MoveRequirements } from './driver.js';

/** Can this machine restore it? Null = yes. */
export async function admitCriu(requirements: MoveRequirements): Promise<string | null> {
  const found = await findCriu();
  if (!found.ok) return found.reason;
  if (requirements.arch !== arch())
    return `the job's processor is ${requirements.arch}, this one is ${arch()}`;
  return null;
}
