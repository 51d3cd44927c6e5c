import { z } from 'zod';
import { runProgram } from '../../cluster/run-program.js';
import type { Asked, NodeFacts } from '../../core/doctor.js';
import { parseJson } from '../../core/json-text.js';
import { ProtocolError } from '../../errors.js';
import { programPath } from '../../program-path.js';
import type { Connection } from '../../transport/transport.js';

const short = z.string().max(300);
const factsShape = z.object({
  version: short,
  protocol: z.number(),
  uid: z.number(),
  user: short,
  nowMs: z.number(),
  mospe: z.number(),
  mapHash: short.nullable(),
  freeKib: z.number(),
  noCriu: short.nullable(),
});

/** Asks a node over SSH what it says of itself; the program goes there first when it is missing. */
export async function askFacts(
  connection: Connection,
  options: { readonly name: string; readonly timeoutMs: number; readonly env: NodeJS.ProcessEnv },
): Promise<Asked> {
  const { name, timeoutMs, env } = options;
  const run = { program: programPath(env), args: ['node-facts'], name, timeoutMs };
  const fromMs = Date.now();
  const { code, stdout, stderr } = await runProgram(connection, run);
  const toMs = Date.now();
  if (code !== 0)
    throw new ProtocolError(`${name} could not examine itself: ${stderr || `exit ${code ?? '?'}`}`);
  return { facts: readFacts(stdout, name), fromMs, toMs };
}

/** Login scripts may have written before it: the last line counts. */
function readFacts(text: string, name: string): NodeFacts {
  const json = parseJson(text.trimEnd().split('\n').at(-1) ?? '');
  const parsed = factsShape.safeParse(json.ok ? json.value : null);
  if (parsed.success) return parsed.data;
  throw new ProtocolError(`${name} answered with something else than its state`);
}
