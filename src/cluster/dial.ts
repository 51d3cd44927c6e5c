import { MoskitError, OtherProtocolError, UnreachableError, messageOf } from '../errors.js';
import { adviceOf, describeHost } from '../transport/explain.js';
import { Trail } from '../transport/trail.js';
import { startDeadline } from '../transport/deadline.js';
import { resolveHost } from '../transport/ssh-config.js';
import { withFurther } from '../transport/further-connections.js';
import { connectSsh } from '../transport/ssh.js';
import type { Connection } from '../transport/transport.js';
import { findNodeJs, isNewEnough, neededNodeJs, type NodeJs } from './find-node.js';
import { isPlainPath, startBridge, type Greeting } from './greet.js';
import { installProgram, readProgram, type Program } from './install.js';
import { joinOverBridge, joinOverSocket, type Bridge, type LinkParts } from './join-link.js';
import { explainOtherProtocol } from './only-bridge.js';
import type { Caller, Dialled } from './peer-link.js';

export interface DialOptions {
  /** Address of the node in the map. */
  readonly address: string;
  readonly env: NodeJS.ProcessEnv;
  readonly deadlineMs: number;
  /** The bundled program on this machine, which is copied to the node when it is missing there. */
  readonly program: string;
  readonly as: Caller;
  readonly signal?: AbortSignal;
  /** Socket of its mosd the last time: saves starting Node.js there when that mosd still lives. */
  readonly socket?: string;
  /** Another way to the machine than SSH. */
  readonly connect?: (deadlineMs: number, signal?: AbortSignal) => Promise<Connection>;
}

/** Connects, starts or installs the program there, greets its mosd. Rejects with UnreachableError. */
export async function dialPeer(options: DialOptions): Promise<Dialled> {
  const endsAt = performance.now() + options.deadlineMs;
  const remainingMs = (): number => Math.max(1, endsAt - performance.now());
  const trail = new Trail();
  const first = await connect(options, remainingMs(), options.signal, trail).catch((error: unknown) => {
    throw failure(options, error, remainingMs(), trail);
  });
  const connection = withFurther(first, () => connect(options, options.deadlineMs));
  const expire = (): void => connection.close();
  const timer = setTimeout(expire, remainingMs());
  options.signal?.addEventListener('abort', expire, { once: true });
  let dialled: Dialled | undefined;
  try {
    dialled = await greet(connection, options, remainingMs, trail);
    return dialled;
  } catch (error) {
    throw failure(options, error, remainingMs(), trail);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', expire);
    if (!dialled) connection.close();
  }
}

async function connect(
  options: DialOptions,
  deadlineMs: number,
  signal?: AbortSignal,
  trail = new Trail(),
): Promise<Connection> {
  if (options.connect) return options.connect(deadlineMs, signal);
  const deadline = startDeadline(options.address, deadlineMs, signal);
  try {
    const host = await deadline.race(resolveHost(options.address, options.env));
    trail.add('configuration', describeHost(host, options.env));
    return await connectSsh(host, { deadlineMs: deadline.remainingMs(), signal: deadline.signal, trail });
  } finally {
    deadline.clear();
  }
}

async function greet(
  connection: Connection,
  options: DialOptions,
  remainingMs: () => number,
  trail: Trail,
): Promise<Dialled> {
  const program = await readProgram(options.program);
  const session = { connection, program, name: options.address, remainingMs, trail };
  const parts: LinkParts = {
    connection,
    name: options.address,
    opening: { open: 'rpc', as: 'home', ...options.as },
    timeoutMs: Math.min(remainingMs(), socketTimeoutMs),
    startBridge: () => reopenBridge({ ...session, remainingMs: () => bridgeTimeoutMs }),
  };
  if (options.socket !== undefined) trail.add('socket of its mosd', `asked for ${options.socket}`);
  const again = options.socket === undefined ? null : await joinOverSocket(parts, options.socket);
  if (again) return { kind: 'link', link: again };
  const bridged = await bridge(session);
  if (bridged.kind === 'monitor-only') return { kind: 'monitor-only', connection, reason: bridged.reason };
  return { kind: 'link', link: await joinOverBridge(parts, bridged) };
}

const bridgeTimeoutMs = 30_000;
/** A socket answers at once or not at all; then there is still the bridge. */
const socketTimeoutMs = 5000;

interface Session {
  readonly connection: Connection;
  readonly program: Program;
  readonly name: string;
  readonly remainingMs: () => number;
  readonly trail: Trail;
}

type Bridged =
  (Bridge & { readonly kind: 'greeted' }) | { readonly kind: 'monitor-only'; readonly reason: string };

/** Starts the bridge; what is missing for it is mended once each: the program is copied, Node.js looked for. */
async function bridge(session: Session): Promise<Bridged> {
  const { connection, program, name, remainingMs, trail } = session;
  let nodeJs: string | null = null;
  let installed = false;
  let searched = false;
  for (;;) {
    const greeting = await startBridge(connection, program, { nodeJs, timeoutMs: remainingMs() }).catch(
      async (error: unknown) => {
        if (!(error instanceof OtherProtocolError)) throw error;
        throw await explainOtherProtocol(connection, error, { name, timeoutMs: remainingMs() });
      },
    );
    trail.add('start of the bridge', describeGreeting(greeting));
    if (greeting.kind === 'greeted') return greeting;
    if (greeting.kind === 'no-program' && !installed) {
      installed = true;
      await installProgram(connection, program, { name, timeoutMs: remainingMs() });
      trail.add('program', `copied there (${program.folder})`);
    } else if (!searched && greeting.kind !== 'no-program') {
      searched = true;
      const found = await findNodeJs(connection, { name, timeoutMs: remainingMs() });
      trail.add('Node.js there', found.map(({ path, version }) => `${path} ${version}`).join(', ') || 'none');
      const [onPath] = found;
      if (onPath && isNewEnough(onPath.version) && greeting.kind === 'failed')
        throw bridgeFailure(name, greeting);
      const usable = found.find(isUsable);
      if (!usable) return { kind: 'monitor-only', reason: describeMissing(found) };
      nodeJs = usable.path;
    } else throw bridgeFailure(name, greeting);
  }
}

function describeGreeting(greeting: Greeting): string {
  switch (greeting.kind) {
    case 'greeted':
      return `greeted by ${greeting.hello.version}`;
    case 'no-node':
      return 'there is no Node.js on the PATH of a login there';
    case 'no-program':
      return 'the program is not there yet';
    case 'failed':
      return `it ended with exit code ${greeting.code ?? 'unknown'} and wrote: ${greeting.said || 'nothing'}`;
  }
}

function isUsable({ version, path }: NodeJs): boolean {
  return isNewEnough(version) && isPlainPath(path);
}

/** Is there a Node.js by now on a node that was without? Rejects with UnreachableError. */
export async function hasUsableNodeJs(
  connection: Connection,
  options: { readonly name: string; readonly timeoutMs: number },
): Promise<boolean> {
  return (await findNodeJs(connection, options)).some(isUsable);
}

async function reopenBridge(session: Session): Promise<Bridge> {
  const bridged = await bridge(session);
  if (bridged.kind === 'greeted') return bridged;
  throw new UnreachableError(`${session.name} runs moskit no more: ${bridged.reason}`);
}

function describeMissing(found: readonly NodeJs[]): string {
  const best = found.at(0);
  if (!best) return 'there is no Node.js on it';
  return isNewEnough(best.version)
    ? `its Node.js is in a folder with an unusual name (${best.path})`
    : `its Node.js ${best.version} is too old: ${neededNodeJs} or newer is needed`;
}

function bridgeFailure(name: string, greeting: Exclude<Greeting, { kind: 'greeted' }>): UnreachableError {
  if (greeting.kind === 'failed') {
    const said = greeting.said === '' ? '' : `: ${greeting.said}`;
    return new UnreachableError(
      `moskit did not start on ${name} (exit ${greeting.code ?? 'unknown'})${said}`,
    );
  }
  const what = greeting.kind === 'no-program' ? 'the program' : 'Node.js';
  return new UnreachableError(`moskit did not start on ${name}: ${what} is not where it was`);
}

/** Several clocks end at about the deadline; whichever was first, the reason is that it is over. */
const lateMs = 50;

function failure(options: DialOptions, error: unknown, remainingMs: number, trail: Trail): Error {
  trail.add('it ended with', messageOf(error));
  const explanation = [...trail.lines(), ...adviceOf(error)];
  if (remainingMs < lateMs) {
    return new UnreachableError(`${options.address} did not answer within ${options.deadlineMs / 1000} s`, {
      cause: error,
      explanation,
    });
  }
  if (error instanceof UnreachableError) {
    error.explanation = explanation;
    return error;
  }
  const hint = error instanceof MoskitError ? error.hint : undefined;
  return new UnreachableError(`${options.address}: ${messageOf(error)}`, { hint, cause: error, explanation });
}
