import { parseAddress } from '../map-address.js';
import { hasZone, idleness, isAlive, type ExportNode } from './nodes.js';

export interface HaproxyOptions {
  readonly backend: string;
  /** Port of the service on every node. */
  readonly port: number;
}

/** HAProxy's largest weight. */
const mostWeight = 256;

/** A backend whose servers get requests by what is idle of them: speed × processors × idleness. */
export function exportHaproxy(nodes: readonly ExportNode[], options: HaproxyOptions): string {
  const power = nodes.map(idlePower);
  const most = Math.max(...power);
  const servers = nodes.map((node, at) => {
    if (hasZone(node))
      return `    # node ${node.node} (${node.address}): HAProxy reads no zone in an address`;
    const weight = weightOf(node, power[at] ?? 0, most);
    return `    server node${node.node} ${endpoint(node.host, options.port)} weight ${weight} check${late(node)}`;
  });
  const head = [`backend ${options.backend}`, '    mode tcp', '    balance roundrobin'];
  const times = ['    timeout connect 5s', '    timeout server 60s'];
  return [...head, ...times, ...servers, ''].join('\n');
}

function idlePower(node: ExportNode): number {
  return node.report === null ? 0 : node.report.speed * node.report.cpus * idleness(node);
}

/** 0 takes no requests: only of a node that does not answer. A busy one still gets a few. */
function weightOf(node: ExportNode, power: number, most: number): number {
  if (!isAlive(node)) return 0;
  return most === 0 ? 1 : Math.max(1, Math.round((power / most) * mostWeight));
}

function endpoint(host: string, port: number): string {
  // `ipv6@` says which kind it is: the colons of the address and of the port look the same.
  return parseAddress(host)?.kind === 'ipv6' ? `ipv6@[${host}]:${port}` : `${host}:${port}`;
}

/** A name that cannot be looked up yet must not keep HAProxy from starting. */
function late({ host }: ExportNode): string {
  return parseAddress(host)?.kind === 'name' ? ' init-addr last,libc,none' : '';
}
