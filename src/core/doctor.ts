import type { NodeId } from './ids.js';

/** What a node says of itself when it is asked what could be wrong with it. */
export interface NodeFacts {
  readonly version: string;
  readonly protocol: number;
  readonly uid: number;
  readonly user: string;
  /** Its clock when it was asked. */
  readonly nowMs: number;
  /** Its own number in its own map; 0 = none. */
  readonly mospe: NodeId | 0;
  /** Of the nodes of its map; null = it has none. */
  readonly mapHash: string | null;
  /** Where jobs have their folders. */
  readonly freeKib: number;
  /** Why CRIU moves nothing there; null = it does. */
  readonly noCriu: string | null;
}

export interface Asked {
  readonly facts: NodeFacts;
  /** Our clock before and after. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Finding {
  /** An `error` keeps jobs from running or moving as they should; a `warning` may be meant so. */
  readonly kind: 'error' | 'warning';
  readonly what: string;
  readonly mend: string;
}

const leastFreeKib = 256 * 1024;
const mostClockMs = 2_000;

/** What is wrong with a node that answered, seen from home. */
export function examine(node: NodeId, asked: Asked, home: NodeFacts): readonly Finding[] {
  const { facts } = asked;
  const findings: Finding[] = [];
  const say = (kind: Finding['kind'], what: string, mend: string): void =>
    void findings.push({ kind, what, mend });
  if (facts.protocol !== home.protocol)
    say(
      'error',
      `it speaks protocol ${facts.protocol}, home speaks ${home.protocol}`,
      'run the same moskit version on both',
    );
  else if (facts.version !== home.version)
    say(
      'warning',
      `it runs moskit ${facts.version}, home runs ${home.version}`,
      'run the same moskit version on both',
    );
  if (facts.mapHash === null)
    say('warning', 'it has no map: it takes in jobs, but starts none of its own', 'setpe --push');
  else if (facts.mapHash !== home.mapHash) say('error', 'its map is another one', 'setpe --push');
  else if (facts.mospe !== node)
    say(
      'error',
      `it takes itself for node ${facts.mospe}`,
      `setpe --push, or there: setpe -w --node ${node} -f MAP`,
    );
  const offMs = clockOff(asked);
  if (Math.abs(offMs) > mostClockMs) {
    const side = offMs > 0 ? 'ahead' : 'behind';
    say(
      'warning',
      `its clock is ${(Math.abs(offMs) / 1000).toFixed(0)} s ${side}`,
      'set it by NTP: chrony or systemd-timesyncd',
    );
  }
  if (facts.uid !== home.uid)
    say(
      'warning',
      `you are user ${facts.uid} (${facts.user}) there and ${home.uid} (${home.user}) at home: files have other owners`,
      'give the account the same number on both machines',
    );
  if (facts.noCriu !== null)
    say(
      'warning',
      `CRIU moves no job there: ${facts.noCriu}`,
      'install criu, and run as root or with its capabilities',
    );
  if (facts.freeKib < leastFreeKib)
    say(
      'error',
      `only ${Math.floor(facts.freeKib / 1024)} MiB of disk are free for jobs`,
      'make room, or set admin.jobsroot',
    );
  return findings;
}

/** How far the clock there is off for sure: the time that asking took could be all of what shows. */
function clockOff({ facts, fromMs, toMs }: Asked): number {
  if (facts.nowMs > toMs) return facts.nowMs - toMs;
  return facts.nowMs < fromMs ? facts.nowMs - fromMs : 0;
}
