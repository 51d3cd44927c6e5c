import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { connectMosd, tryConnectMosd, type MosdClient } from '../cluster/mosd-client.js';
import { isJobId } from '../core/ids.js';
import type { JobSpec } from '../core/job-spec.js';
import { MoskitError, UnreachableError, UsageError } from '../errors.js';
import { exitCodes } from '../exit-codes.js';
import { resolvePaths } from '../paths.js';
import { command, type CommandContext } from './command.js';
import { Deputy, type DeputyEnd } from './mosrun/deputy.js';
import { stdinKind } from './mosrun/input-pump.js';
import { jobRequest, type MosrunArguments } from './mosrun/job-request.js';
import { giveUp, recoverJob } from './mosrun/recover-job.js';
import { leaveAs } from './mosrun/leave-as.js';
import { runLocally } from './mosrun/local-run.js';
import { mosrunLine } from './mosrun/options.js';
import {
  asMosrun,
  withInnerWrappers,
  wrapperLine,
  wrapperNamed,
  type WrapperName,
} from './mosrun/wrappers.js';
import { runCommand } from './run-command.js';

const submitTries = 5;
const linkLossMs = 200;

/** The job's own exit codes must not be mistaken for ours: 125 is mosrun's, 126 and 127 as env(1) has them. */
const mosrun = command({
  name: 'mosrun',
  ...mosrunLine,
  describe: 'Run a command on the node that will finish it soonest; it looks local all the while.',
  exitCodeOf: () => exitCodes.mosrunFailed,
  run: async (given, context) => {
    if (given.options.attach !== undefined) return attach(given.options.attach, context);
    if (given.options.recover !== undefined) return recoverJob(given, given.options.recover, context);
    if (given.options['give-up'] !== undefined) return giveUp(given.options['give-up'], context);
    return start(withInnerWrappers(given), context);
  },
});

export function runMosrun(argv: readonly string[]): Promise<void> {
  return runCommand(mosrun, argv);
}

/** `cpujob COMMAND` and the like: mosrun with an option or two. */
export function runWrapper(name: WrapperName, argv: readonly string[]): Promise<void> {
  const wrapper = command({
    name,
    ...wrapperLine(name),
    describe: wrapperNamed(name).describe,
    exitCodeOf: () => exitCodes.mosrunFailed,
    run: (given, context) => start(withInnerWrappers(asMosrun(name, given)), context),
  });
  return runCommand(wrapper, argv);
}

/** Starts a job and stands for it until it is over (or, with --detach, only starts it). */
export async function start(
  given: MosrunArguments,
  context: CommandContext,
  { isQuiet = false } = {},
): Promise<number> {
  const spec = jobRequest(given, surroundings(given, context));
  const mosd = await memberMosd(context);
  if (!mosd) return local(spec, context);
  if (given.options.detach) return detached(mosd, spec, context);
  return foreground(mosd, spec, { isQuiet, isVerbose: given.options.verbose === true }, context);
}

function surroundings(
  { options }: MosrunArguments,
  context: CommandContext,
): Parameters<typeof jobRequest>[1] {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- reading it is the only way to pass it on
  const mask = process.umask();
  return {
    cwd: process.cwd(),
    env: context.env,
    umask: mask,
    stdin: options.detach ? 'none' : stdinKind(),
    deputy: options.detach ? null : ownIdentity(),
    isParentLocked: context.env['MOSKIT_LOCK'] === '1',
  };
}

function ownIdentity(): { readonly pid: number; readonly startTicks: number } {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { pid: process.pid, startTicks: Number(fields[19]) };
}

/** Null where there is no cluster: then the command simply runs here. A mosd that ends meanwhile has a successor. */
async function memberMosd(context: CommandContext): Promise<MosdClient | null> {
  for (let attempt = 1; ; attempt++) {
    const running = await tryConnectMosd({ start: false, env: context.env });
    if (!running && !existsSync(resolvePaths(context.env).map)) return null;
    const mosd = running ?? (await connectMosd({ start: true, env: context.env }));
    try {
      const { node } = await mosd.request('ping', {});
      if (node !== 0) return mosd;
      mosd.close();
      return null;
    } catch (error) {
      mosd.close();
      if (!(error instanceof UnreachableError) || attempt === submitTries) throw error;
    }
  }
}

async function local(spec: JobSpec, context: CommandContext): Promise<number> {
  const end = await runLocally(spec.argv);
  if (end.kind === 'ended') return leaveAs(end.exit);
  context.note(end.message);
  return end.code;
}

async function detached(mosd: MosdClient, spec: JobSpec, context: CommandContext): Promise<number> {
  const { job, notice } = await mosd.request('submit', { spec }, { timeoutMs: Infinity });
  if (notice !== null) context.note(notice);
  context.print(job);
  mosd.close();
  return exitCodes.done;
}

async function foreground(
  mosd: MosdClient,
  spec: JobSpec,
  { isQuiet, isVerbose }: { readonly isQuiet: boolean; readonly isVerbose: boolean },
  context: CommandContext,
): Promise<number> {
  const { client, answer } = await submitSafely(mosd, spec, context);
  if (answer.notice !== null && !isQuiet) context.note(answer.notice);
  if (isVerbose) context.note(`job ${answer.job} on node ${answer.where}: ${answer.reason}`);
  const deputy = new Deputy({
    job: answer.job,
    deputy: spec.deputy ?? ownIdentity(),
    withStdin: spec.stdin === 'stream',
    from: 'start',
    env: context.env,
    note: (text) => context.note(text),
  });
  return leave(await deputy.run(client), spec.argv[0] ?? '', context);
}

/** A mosd that ends while it takes the job in is asked again: the same deputy's submission is the same job. */
async function submitSafely(
  mosd: MosdClient,
  spec: JobSpec,
  context: CommandContext,
): Promise<{
  client: MosdClient;
  answer: { job: string; where: number; reason: string; notice: string | null };
}> {
  let client = mosd;
  for (let attempt = 1; ; attempt++) {
    try {
      return { client, answer: await client.request('submit', { spec }, { timeoutMs: Infinity }) };
    } catch (error) {
      const isLinkGone = await Promise.race([client.closed.then(() => true), delay(linkLossMs, false)]);
      if (!(error instanceof UnreachableError) || !isLinkGone || attempt === submitTries) throw error;
      client = await connectMosd({ start: true, env: context.env });
    }
  }
}

async function attach(job: string, context: CommandContext): Promise<number> {
  if (!isJobId(job))
    throw new UsageError(`${JSON.stringify(job)} is no job`, { hint: 'mps -a lists the jobs' });
  const mosd = await context.mosd();
  const deputy = new Deputy({
    job,
    deputy: ownIdentity(),
    withStdin: stdinKind() === 'stream',
    from: 'delivered',
    env: context.env,
    note: (text) => context.note(text),
  });
  return leave(await deputy.run(mosd), job, context);
}

/** Not found and not executable are said as a shell would; a job that was lost is our failure, not its. */
function leave(end: DeputyEnd, name: string, context: CommandContext): number {
  if (end.exit.kind === 'unknown') throw new MoskitError(`${name}: the job is lost: ${end.exit.reason}`);
  const code = end.exit.kind === 'code' ? end.exit.code : 0;
  if ((code === exitCodes.notFound || code === exitCodes.notExecutable) && end.messages.trim() !== '') {
    context.note(plainMessage(end.messages));
  }
  return leaveAs(end.exit);
}

/** `moskit-job: 11: foo: not found` of the recording sh, without its own name and line. */
function plainMessage(messages: string): string {
  return messages.trim().replace(/^[^\s:]+: (?:line )?\d+: /, '');
}
