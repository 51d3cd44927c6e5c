import type { NodeReport } from '../../core/cluster-map.js';

export function describeMemory(kind: 'logical' | 'physical', freeKib: number, totalKib: number): string {
  return `${kind} free ${mib(freeKib)} of ${mib(totalKib)} MiB`;
}

/** What `status` says of a node: what comes in, what goes out, whether it informs the others, and its readings. */
export function describeStatus(report: NodeReport): string {
  const slots = report.freeslots === null ? 'any number' : `${report.freeslots}`;
  return [
    `up, moskit ${report.version}`,
    `  incoming migrations: ${report.block ? 'refused (block)' : 'allowed'}`,
    `  outgoing migrations: ${outgoing(report)}`,
    `  informs other nodes: ${report.quiet ? 'no (quiet)' : 'yes'}`,
    `  guests: ${report.guests}, room for ${report.block ? 'none' : slots} more`,
    `  load ${Math.round(report.load)}, utilisation ${Math.round(report.util)}%, ` +
      `${report.cpus} processor${report.cpus === 1 ? '' : 's'} of speed ${Math.round(report.speed)}`,
    `  memory: ${describeMemory('logical', report.mem, report.tmem)}`,
    `  relocation by: ${report.drivers.join(', ') || 'no driver works here'}`,
  ].join('\n');
}

function outgoing({ stay, lstay }: NodeReport): string {
  if (stay) return 'none by itself (stay)';
  return lstay ? 'guests only (lstay)' : 'allowed';
}

function mib(kib: number): string {
  return (kib / 1024).toFixed(1);
}
