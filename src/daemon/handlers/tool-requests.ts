import { ProtocolError } from '../../errors.js';
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
  return handler(daemon, parseShape(toolSchemas[name], params, method));
}
