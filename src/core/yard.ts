import { standardSpeed } from './balance/altload.js';
import type { ClusterSnapshot, NodeReport } from './cluster-map.js';
import { standardMhz } from './speed-guess.js';

/** openMosix shows loads by a yardstick, `sspeed`: 100 = one process on a processor of that speed. */
export function onYard<R extends Pick<NodeReport, 'load' | 'ownload'>>(report: R, sspeed: number): R {
  if (sspeed === standardSpeed) return report;
  const scale = sspeed / standardSpeed;
  return { ...report, load: report.load * scale, ownload: report.ownload * scale };
}

/** What people are shown; decisions are made by the loads as they were measured. */
export function snapshotOnYard(snapshot: ClusterSnapshot, sspeed: number): ClusterSnapshot {
  if (sspeed === standardSpeed) return { ...snapshot, sspeed };
  const nodes = snapshot.nodes.map((view) =>
    view.report === null ? view : { ...view, report: onYard(view.report, sspeed) },
  );
  return { ...snapshot, sspeed, nodes };
}

/** `standard`, `PIII/1GHz`, `2600MHz` as a speed: it goes by the clock rate. Null for anything else. */
export function speedOfProcessor(text: string): number | null {
  if (text.toLowerCase() === 'standard') return standardSpeed;
  const match = /^(?:[A-Za-z][\w.-]*[/ ])?(\d{1,6}(?:\.\d{1,3})?)\s*(MHz|GHz)$/i.exec(text.trim());
  if (!match) return null;
  const mhz = Number(match[1]) * (match[2]!.toLowerCase() === 'ghz' ? 1000 : 1);
  return Math.max(1, Math.round((mhz / standardMhz) * standardSpeed));
}
