import type { Forecast } from './forecast.js';
import type { No } from './options.js';
import { settleTimeMs, type BalancePolicy } from './policy.js';
import { formatSeconds } from './text.js';
import type { BalanceJob } from './types.js';
import type { NodeId } from '../ids.js';

/** Rules that hold a job whatever the reason for a move. */
export function heldAlways(job: BalanceJob, self: NodeId, forecast: Forecast): No | null {
  if (job.home !== self) return { rule: 'not ours', reason: `its home, node ${job.home}, decides` };
  if (job.moving) return { rule: 'moving', reason: 'it is moving' };
  const unknown = sourceUnknown(job, forecast);
  if (unknown !== null) return { rule: 'source unknown', reason: unknown };
  if (job.cantmove.length > 0) return { rule: 'cantmove', reason: `can't move: ${job.cantmove.join('; ')}` };
  if (job.driver === null) return { rule: 'cantmove', reason: "can't move: no driver can relocate it" };
  return null;
}

function sourceUnknown(job: BalanceJob, forecast: Forecast): string | null {
  const source = forecast.get(job.where);
  if (!source) return `node ${job.where} is not in the map`;
  return source.unknown === null ? null : `node ${job.where}, where it runs, ${source.unknown}`;
}

/** Rules that hold a job against every automatic migration; a node that is leaving is emptied all the same. */
export function heldFromAutomatic(
  job: BalanceJob,
  self: NodeId,
  forecast: Forecast,
  policy: BalancePolicy,
): No | null {
  if (policy.quiet) return { rule: 'quiet', reason: 'quiet is set here (mosctl quiet)' };
  if (job.lock) return { rule: 'lock', reason: 'it is locked (mosrun -L)' };
  if (policy.lstay && job.where === self) {
    return { rule: 'lstay', reason: 'lstay is set here: own jobs do not leave (mosctl lstay)' };
  }
  if (forecast.get(job.where)?.node.stay) {
    return { rule: 'stay', reason: `stay is set on node ${job.where} (mosctl stay)` };
  }
  return null;
}

/** Rules that hold a job against balancing, but not when memory runs out. */
export function heldForNow(job: BalanceJob, policy: BalancePolicy): No | null {
  if (job.ageMs < policy.minAgeMs) {
    return { rule: 'young', reason: `it started ${formatSeconds(job.ageMs)} ago` };
  }
  const restMs = settleTimeMs(job.nmigs, policy);
  if (job.sinceMoveMs !== null && job.sinceMoveMs < restMs) {
    return {
      rule: 'settling',
      reason: `it moved ${formatSeconds(job.sinceMoveMs)} ago and settles for ${formatSeconds(restMs)}`,
    };
  }
  return null;
}
