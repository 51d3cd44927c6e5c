import { isJobId } from '../../core/ids.js';
import { ProtocolError, RefusedError } from '../../errors.js';
import type { ToolMethods } from '../../protocol/messages.js';
import { parseShape, toolSchemas } from '../../protocol/schemas.js';
import type { Daemon } from '../context.js';
import { setAdmin, setConfig, setDecay, settings } from './admin.js';
import { setJob, signal, submit } from './jobs.js';
import { giveUp, recover } from './lost-jobs.js';
import { bring, expel, migrate, rebalance } from './moves.js';
import { on } from './on.js';
import { jobs, map, ping, report, status, why } from './status.js';

/** One entry a request; `watch` belongs to the connection and is served there. */
type Handlers = {
  readonly [M in Exclude<keyof ToolMethods, 'watch'>]: (
    daemon: Daemon,
    params: ToolMethods[M][0],
  ) => Promise<ToolMethods[M][1]>;
};

const handlers: Handlers = {
  ping,
  status,
  report,
  map,
  jobs,
  why,
  settings,
  setConfig,
  setAdmin,
  setDecay,
  setJob,
  on,
  submit,
  recover,
  giveUp,
  signal,
  migrate,
  rebalance,
  bring,
  expel,
  shutdown: (daemon) => {
    setImmediate(() => daemon.shutdown());
    return Promise.resolve({});
  },
};

/** Answers one request of a tool, with its parameters checked. */
export async function serveToolRequest(daemon: Daemon, method: string, params: unknown): Promise<unknown> {
  if (!Object.hasOwn(handlers, method)) throw new ProtocolError(`nobody answers '${method}' here`);
  const name = method as keyof Handlers;
  const handler = handlers[name] as (daemon: Daemon, params: unknown) => Promise<unknown>;
  try {
    return await handler(daemon, parseShape(toolSchemas[name], params, method));
  } catch (error) {
    // A job that is not taken in is told by its own name (launch.ts).
    if (error instanceof RefusedError && isDeed(name)) {
      const { job } = (params ?? {}) as { readonly job?: unknown };
      const whose = isJobId(job) ? { job } : {};
      daemon.guestContext.history.add({ event: 'refused', ...whose, reason: `${method}: ${error.message}` });
    }
    throw error;
  }
}

/** Questions are no part of the story. */
function isDeed(method: keyof Handlers): boolean {
  return ['migrate', 'setConfig', 'signal', 'recover', 'giveUp', 'bring', 'expel'].includes(method);
}
