import type { MosdClient } from '../../cluster/mosd-client.js';
import type { NodeId } from '../../core/ids.js';
import { MoskitError } from '../../errors.js';
import { exitCodes } from '../../exit-codes.js';
import type { ToolMethods } from '../../protocol/messages.js';
import type { CommandContext } from '../command.js';
import { givenNodes } from '../given-nodes.js';

/** The option of every command that changes or shows how a node is set. */
export const onOption = {
  type: 'string',
  argument: 'NODES',
  describe: 'on these nodes (1,4-6, names, all) instead of this one',
} as const;

/** mosd of this node (`node` null), or through it that of another one. */
export interface AskMosd extends Pick<MosdClient, 'request'> {
  readonly node: NodeId | null;
}

const defaultAnswerMs = 30_000;
/** The other node's own deadline comes first, so that its reason is heard. */
const onTheWayMs = 5_000;

export interface OnNodes<T> {
  /** What is done at one node. */
  readonly ask: (mosd: AskMosd) => Promise<T>;
  /** Its answer as text, a line each; empty = silent. */
  readonly text: (answer: T) => readonly string[];
  readonly json: (answer: T) => unknown;
  /** Of the answer of one node; default done. */
  readonly exitCode?: (answer: T) => number;
}

/** Does it here, or with `--on` on all the nodes given at once; then each line names its node, and each failure, too. */
export async function onNodes<T>(
  options: { readonly on?: string | undefined; readonly json?: boolean | undefined },
  context: CommandContext,
  { ask, text, json, exitCode = () => exitCodes.done }: OnNodes<T>,
): Promise<number> {
  if (options.on === undefined) {
    const mosd = await context.anyMosd();
    const answer = await ask({ node: null, request: mosd.request.bind(mosd) });
    if (options.json) context.printJson(json(answer));
    else for (const line of text(answer)) context.print(line);
    return exitCode(answer);
  }
  const mosd = await context.mosd();
  const { nodes } = await givenNodes([options.on], context);
  const answers = await Promise.all(nodes.map((node) => atNode(node, mosd, ask)));
  const codes = answers.map((given) => ('error' in given ? given.error.exitCode : exitCode(given.answer)));
  if (options.json) {
    context.printJson(
      answers.map((given) => ({
        node: given.node,
        ...('error' in given ? { error: given.error.message } : { answer: json(given.answer) }),
      })),
    );
  } else {
    for (const given of answers) {
      if ('answer' in given) for (const line of text(given.answer)) context.print(`${given.node}: ${line}`);
    }
  }
  for (const given of answers)
    if ('error' in given) context.note(`node ${given.node}: ${given.error.message}`);
  return codeOf(codes);
}

type AtNode<T> =
  { readonly node: NodeId; readonly answer: T } | { readonly node: NodeId; readonly error: MoskitError };

async function atNode<T>(
  node: NodeId,
  mosd: MosdClient,
  ask: (mosd: AskMosd) => Promise<T>,
): Promise<AtNode<T>> {
  try {
    return { node, answer: await ask(through(mosd, node)) };
  } catch (error) {
    if (!(error instanceof MoskitError)) throw error;
    return { node, error };
  }
}

/** The same requests, for the mosd of another node. */
function through(mosd: MosdClient, node: NodeId): AskMosd {
  return {
    node,
    request: async <M extends keyof ToolMethods>(
      method: M,
      params: ToolMethods[M][0],
      { timeoutMs = defaultAnswerMs }: { readonly timeoutMs?: number } = {},
    ) => {
      const asked = { node, method, params, timeoutMs };
      const { answer } = await mosd.request('on', asked, { timeoutMs: timeoutMs + onTheWayMs });
      return answer as ToolMethods[M][1];
    },
  };
}

/** One node, or all alike: that code; else some failed. */
function codeOf(codes: readonly number[]): number {
  const [first = exitCodes.done] = codes;
  return codes.every((code) => code === first) ? first : exitCodes.someNodesFailed;
}
