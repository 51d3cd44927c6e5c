import { expandNodes } from '../../core/nodes.js';
import { command, jsonOption, type CommandContext } from '../command.js';
import { describeExamined, examineNodes, exitCodeOfExamined } from '../doctor/examine-nodes.js';
import { readMap } from '../map-file.js';
import { notInCluster } from '../require-cluster.js';

/** What is wrong with each node, and how to mend it; no node needs a mosd for it. */
export const doctor = command({
  name: 'mosctl doctor',
  operands: '',
  count: [0, 0],
  describe:
    'Examine every node: is it reached, are its host key, Node.js, version, map, clock, user number, CRIU and disk as they ' +
    'should be; and how to mend what is not.',
  options: { json: jsonOption },
  run: async ({ options }, context) => examineCluster(context, options.json === true),
});

export async function examineCluster(context: CommandContext, json: boolean): Promise<number> {
  const { config, admin } = await readMap(context);
  if (config.entries.length === 0) throw notInCluster(context.env);
  const examined = await examineNodes(expandNodes(config), admin.mospe, context);
  if (json) context.printJson(examined);
  else for (const line of examined.flatMap(describeExamined)) context.print(line);
  return exitCodeOfExamined(examined);
}
