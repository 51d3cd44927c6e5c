import { connectMosd, tryConnectMosd, type MosdClient } from '../cluster/mosd-client.js';
import { MoskitError, messageOf } from '../errors.js';
import { exitCodes } from '../exit-codes.js';
import { version } from '../version.js';
import type { Command, CommandContext, CommandSpec } from './command.js';
import { readCommandLine } from './command-line.js';
import { requireMap, requireMembership } from './require-cluster.js';
import { helpText, usageLine } from './usage-text.js';

/** Runs one command: reads its line, prints its errors, sets the exit code. Nothing else in src/commands does. */
export async function runCommand({ spec, run }: Command, argv: readonly string[]): Promise<void> {
  endQuietlyWithoutReader();
  const line = readCommandLine(spec, argv);
  if (line.kind === 'help') return print(helpText(spec));
  if (line.kind === 'version') return print(`moskit ${version}`);
  if (line.kind === 'wrong') {
    return refuseCommandLine(`${spec.name}: ${line.message}\n${usageLine(spec)}`, spec.exitCodeOf?.(undefined));
  }
  const links = openLinks(process.env);
  try {
    process.exitCode = await run(line.given, makeContext(spec, links));
  } catch (error) {
    complain(errorText(spec.name, error, line.debug));
    process.exitCode = spec.exitCodeOf?.(error) ?? exitCodeOf(error);
  } finally {
    links.close();
  }
}

/** Runs what is no command of ours (mosd, the bridge, a program with an exit code of its own): prints its errors. */
export async function runPlain(name: string, start: () => Promise<unknown>): Promise<void> {
  try {
    await start();
  } catch (error) {
    complain(errorText(name, error, false));
    process.exitCode = exitCodeOf(error);
  }
}

/** The line can't be run: says why and how it is written. */
export function refuseCommandLine(text: string, exitCode: number = exitCodes.usage): void {
  complain(text);
  process.exitCode = exitCode;
}

export function exitCodeOf(error: unknown): number {
  return error instanceof MoskitError ? error.exitCode : exitCodes.failed;
}

/** `name: message`, and below it what to do about it. */
export function errorText(name: string, error: unknown, debug: boolean): string {
  const hint = error instanceof MoskitError && error.hint ? `\nhint: ${error.hint}` : '';
  const stack = debug && error instanceof Error ? `\n${error.stack ?? ''}` : '';
  return `${name}: ${messageOf(error)}${hint}${stack}`;
}

function makeContext(spec: CommandSpec, links: Links): CommandContext {
  return {
    env: process.env,
    columns: process.stdout.isTTY ? process.stdout.columns : null,
    print,
    printJson: (value) => print(JSON.stringify(value)),
    note: (text) => complain(`${spec.name}: ${text}`),
    mosd: links.mosd,
    runningMosd: links.runningMosd,
  };
}

interface Links extends Pick<CommandContext, 'mosd' | 'runningMosd'> {
  close(): void;
}

/** At most one link to mosd for the whole command. */
function openLinks(env: NodeJS.ProcessEnv): Links {
  let client: MosdClient | null = null;
  const runningMosd = async (): Promise<MosdClient | null> => {
    client ??= await tryConnectMosd({ start: false, env });
    return client;
  };
  return {
    runningMosd,
    mosd: async () => {
      if (!(await runningMosd())) requireMap(env);
      client ??= await connectMosd({ start: true, env });
      await requireMembership(client, env);
      return client;
    },
    close: () => client?.close(),
  };
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** `mps | head -1`: the reader has what it wanted. */
function endQuietlyWithoutReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.done);
    throw error;
  });
}
