import { isAlive, type ExportNode } from './nodes.js';

type Value = string | number | boolean;

/**
 * A static inventory in YAML, every text in JSON's quotes (which YAML has too): group `moskit`, and in it `moskit_up` and
 * `moskit_down`. Readings are variables, so that a play can choose by them.
 */
export function exportAnsible(nodes: readonly ExportNode[]): string {
  return [
    'moskit:',
    '  children:',
    ...group('moskit_up', nodes.filter(isAlive)),
    ...group(
      'moskit_down',
      nodes.filter((node) => !isAlive(node)),
    ),
    '',
  ].join('\n');
}

function group(name: string, nodes: readonly ExportNode[]): readonly string[] {
  if (nodes.length === 0) return [`    ${name}:`, '      hosts: {}'];
  return [`    ${name}:`, '      hosts:', ...nodes.flatMap(host)];
}

function host(node: ExportNode): readonly string[] {
  const variables = Object.entries(variablesOf(node)).map(
    ([key, value]) => `          ${key}: ${JSON.stringify(value)}`,
  );
  // A name of its own: what the address looks like (ranges in brackets, colons) then matters to nobody.
  return [`        node${node.node}:`, ...variables];
}

function variablesOf({ node, host, login, report }: ExportNode): Readonly<Record<string, Value>> {
  return {
    ansible_host: host,
    ...(login === null ? {} : { ansible_user: login }),
    moskit_node: node,
    ...(report === null
      ? {}
      : {
          moskit_load: report.load,
          moskit_speed: report.speed,
          moskit_cpus: report.cpus,
          moskit_util: report.util,
          moskit_mem_kib: report.mem,
          moskit_tmem_kib: report.tmem,
          moskit_block: report.block,
        }),
  };
}
