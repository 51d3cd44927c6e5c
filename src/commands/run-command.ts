import { connectMosd, tryConnectMosd, type MosdClient } from '../cluster/mosd-client.js';
import { explanationOf, MoskitError, messageOf } from '../errors.js';
import { exitCodes } from '../exit-codes.js';
import { version } from '../version.js';
import type { Command, CommandContext, CommandSpec } from './command.js';
import { readCommandLine } from './command-line.js';
import { complain, print } from './output.js';
import { requireMap, requireMembership } from './require-cluster.js';
import { helpText, usageLine } from './usage-text.js';

/** Runs one command: reads its line, prints its errors, sets the exit code. Nothing else in src/commands does. */
export async function runCommand(command: Command, argv: readonly string[]): Promise<void> {
  const { spec } = command;
  const line = readCommandLine(spec, argv);
  if (line.kind === 'help') {
    print(helpText(spec));
    return;
  }
  if (line.kind === 'version') {
    print(`moskit ${version}`);
    return;
  }
  if (line.kind === 'wrong') {
    refuseCommandLine(`${spec.name}: ${line.message}\n${usageLine(spec)}`, spec.exitCodeOf?.(undefined));
    return;
  }
  const links = openLinks(process.env);
  const debug = line.debug || isDebug(process.env);
  try {
    process.exitCode = await command.run(line.given, makeContext(spec, links, debug));
  } catch (error) {
    complain(errorText(spec.name, error, debug));
    process.exitCode = spec.exitCodeOf?.(error) ?? exitCodeOf(error);
  } finally {
    links.close();
  }
  // What may still run (a name being looked up) is of no use any more.
  process.exit();
}

/** Runs what is no command of ours (mosd, the bridge, a program with an exit code of its own): prints its errors. */
export async function runPlain(name: string, start: () => Promise<unknown>): Promise<void> {
  try {
    await start();
  } catch (error) {
    complain(errorText(name, error, isDebug(process.env)));
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
  if (!debug || !(error instanceof Error)) return `${name}: ${messageOf(error)}${hint}`;
  const steps = explanationText(explanationOf(error));
  return `${name}: ${messageOf(error)}${hint}${steps}\n${error.stack ?? ''}`;
}

/** Below a message: what was done before it, line by line. */
function explanationText(lines: readonly string[]): string {
  return lines.map((line) => `\n  ${line}`).join('');
}

/** `MOSKIT_DEBUG=1` is `--debug` for every command, and for those that have no options. */
function isDebug(env: NodeJS.ProcessEnv): boolean {
  return env['MOSKIT_DEBUG'] === '1';
}

function makeContext(spec: CommandSpec, links: Links, debug: boolean): CommandContext {
  return {
    env: process.env,
    get columns() {
      return process.stdout.isTTY ? process.stdout.columns : null;
    },
    print,
    printJson: (value) => print(JSON.stringify(value)),
    note: (text, explanation = []) =>
      complain(`${spec.name}: ${text}${debug ? explanationText(explanation) : ''}`),
    mosd: links.mosd,
    anyMosd: links.anyMosd,
    runningMosd: links.runningMosd,
  };
}

interface Links extends Pick<CommandContext, 'mosd' | 'anyMosd' | 'runningMosd'> {
  close(): void;
}

/** At most one link to mosd for the whole command. */
function openLinks(env: NodeJS.ProcessEnv): Links {
  let client: MosdClient | null = null;
  const runningMosd = async (): Promise<MosdClient | null> => {
    client ??= await tryConnectMosd({ start: false, env });
    return client;
  };
  const anyMosd = async (): Promise<MosdClient> => {
    if (!(await runningMosd())) requireMap(env);
    client ??= await connectMosd({ start: true, env });
    return client;
  };
  return {
    runningMosd,
    anyMosd,
    mosd: async () => {
      const mosd = await anyMosd();
      await requireMembership(mosd, env);
      return mosd;
    },
    close: () => client?.close(),
  };
}
