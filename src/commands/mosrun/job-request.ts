import { constants } from 'node:os';
import type { NodeId } from '../../core/ids.js';
import type { JobSpec, RelocationSpec, Where } from '../../core/job-spec.js';
import { parseDuration } from '../../core/duration.js';
import { parseNodeList } from '../../core/nodes.js';
import { defaultCheckpointMs, defaultLeaseMs } from '../../core/protection.js';
import { UsageError } from '../../errors.js';
import type { Arguments } from '../command.js';
import type { mosrunOptions } from './options.js';

type AllArguments = Arguments<typeof mosrunOptions>;
export interface MosrunArguments extends Pick<AllArguments, 'operands'> {
  readonly options: Partial<AllArguments['options']>;
}

const defaultCarryLimitBytes = 64 * 1024 * 1024;
const defaultCkptExit = 85;

/** What of the user's surroundings goes into the job. */
export interface Surroundings {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly umask: number;
  readonly stdin: JobSpec['stdin'];
  readonly deputy: JobSpec['deputy'];
  /** `-k`: the job in which this mosrun runs is locked. */
  readonly isParentLocked: boolean;
}

/** Pure: the command line as a job. Throws UsageError. */
export function jobRequest({ options, operands }: MosrunArguments, around: Surroundings): JobSpec {
  const { where, argv } = whereAndCommand(options, operands);
  if (argv.length === 0) throw new UsageError('no command is given');
  return {
    argv,
    env: Object.entries(around.env).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${value}`],
    ),
    umask: around.umask,
    folder: {
      cwd: around.cwd,
      carryIn: patterns(options.in),
      carryOut: patterns(options.out),
      carryLimitBytes:
        options['carry-limit'] === undefined ? defaultCarryLimitBytes : parseSize(options['carry-limit']),
    },
    where,
    lock: options.L === true || (options.k === true && around.isParentLocked),
    hint: onlyOne(options, { c: 'cpujob', i: 'iojob' } as const) ?? 'none',
    decay: onlyOne(options, { f: 'fast', s: 'slow', n: 'none' } as const) ?? undefined,
    relocation: relocationOf(options),
    ...protectionOf(options),
    deputy: around.deputy,
    stdin: around.stdin,
  };
}

/** `mosrun -h CMD`, `mosrun 3 CMD`, `mosrun -j 1,4-6 CMD`, `mosrun CMD`; a `--` may stand before the command. */
function whereAndCommand(
  options: MosrunArguments['options'],
  operands: readonly string[],
): { readonly where: Where; readonly argv: readonly string[] } {
  const [first = '', ...rest] = operands;
  const isNumbered = /^\d+$/.test(first);
  const after = isNumbered ? rest : operands;
  const argv = after[0] === '--' ? after.slice(1) : after;
  const said = [options.h === true, options.j !== undefined, isNumbered].filter(Boolean).length;
  if (said > 1) throw new UsageError('-h, -j and a node number contradict each other: give one');
  if (options.h) return { where: { kind: 'home' }, argv };
  if (options.j !== undefined) {
    return { where: { kind: 'list', nodes: nodesIn(options.j, '-j') }, argv };
  }
  if (isNumbered) {
    return { where: { kind: 'node', node: nodesIn(first, 'node')[0]! }, argv };
  }
  return { where: { kind: 'best' }, argv };
}

function nodesIn(text: string, what: string): readonly NodeId[] {
  const list = parseNodeList(text);
  if (list.ok) return list.nodes;
  throw new UsageError(`${what} ${text}: ${list.problem}`);
}

function onlyOne<T extends string>(
  options: MosrunArguments['options'],
  meanings: Readonly<Record<string, T>>,
): T | null {
  const given = Object.keys(meanings).filter((letter) => Reflect.get(options, letter) === true);
  if (given.length > 1)
    throw new UsageError(`${given.map((letter) => `-${letter}`).join(' and ')} contradict each other`);
  return given[0] === undefined ? null : (meanings[given[0]] ?? null);
}

function relocationOf(options: MosrunArguments['options']): RelocationSpec {
  const ckptSignal = options['ckpt-signal'] === undefined ? null : parseSignal(options['ckpt-signal']);
  const restart = options.restart ?? null;
  const wantsApp = ckptSignal !== null || restart !== null || options.driver === 'app';
  return {
    driver: options.driver ?? 'auto',
    ckptSignal,
    ckptExit:
      options['ckpt-exit'] === undefined
        ? wantsApp
          ? defaultCkptExit
          : null
        : parseExitCode(options['ckpt-exit']),
    restart,
    restartable: options.restartable === true || options.driver === 'restart',
  };
}

/** Nothing where nothing is said: then the node's own setting counts. */
function protectionOf(options: MosrunArguments['options']): Pick<JobSpec, 'protection'> {
  const { checkpoint, keeper, lease } = options;
  const onNodeLoss = options['on-node-loss'] ?? 'hold';
  if ([checkpoint, keeper, lease, options['on-node-loss']].every((said) => said === undefined)) return {};
  if (lease !== undefined && onNodeLoss === 'hold')
    throw new UsageError('--lease is for --on-node-loss restart and recover: other jobs need none');
  const checkpointMs =
    checkpoint === undefined
      ? onNodeLoss === 'recover'
        ? defaultCheckpointMs
        : null
      : checkpoint === 'off'
        ? null
        : parseTime(checkpoint, '--checkpoint', 1_000);
  if (keeper !== undefined && checkpointMs === null)
    throw new UsageError('--keeper needs --checkpoint TIME: without images there is nothing to keep');
  return {
    protection: {
      checkpointMs,
      keeper: keeper === undefined || keeper === 'home' ? null : keeperIn(keeper),
      onNodeLoss,
      leaseMs: lease === undefined ? defaultLeaseMs : parseTime(lease, '--lease', 5_000),
    },
  };
}

function keeperIn(text: string): NodeId {
  const [node, ...more] = nodesIn(text, '--keeper');
  if (node === undefined || more.length > 0) throw new UsageError(`--keeper ${text} is not one node`);
  return node;
}

function parseTime(text: string, option: string, leastMs: number): number {
  const ms = parseDuration(text);
  if (ms === null) throw new UsageError(`${option} ${text} is no time`, { hint: 'write 90s, 10m or 1h' });
  if (ms < leastMs) throw new UsageError(`${option} ${text} is too short; the least is ${leastMs / 1_000} s`);
  return Math.round(ms);
}

function parseSignal(text: string): string {
  const name = text.toUpperCase().startsWith('SIG') ? text.toUpperCase() : `SIG${text.toUpperCase()}`;
  if (name === 'SIGKILL' || name === 'SIGSTOP')
    throw new UsageError(`--ckpt-signal ${text} can't be used: no program can catch ${name} to save itself`, {
      hint: 'take one that the program handles, for example USR1',
    });
  if (Object.hasOwn(constants.signals, name)) return name;
  throw new UsageError(`--ckpt-signal ${text} is no signal`, {
    hint: 'for example USR1; kill -l lists them',
  });
}

function parseExitCode(value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= 255) return value;
  throw new UsageError(`--ckpt-exit ${value} is no exit code from 1 to 255`);
}

function patterns(text: string | undefined): readonly string[] | null {
  if (text === undefined) return null;
  return text
    .split(',')
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '');
}

/** `64M`, `1.5G`, `200k`, plain bytes. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i.exec(text.trim());
  if (!match) throw new UsageError(`${text} is no size`, { hint: 'for example 64M or 2G' });
  const power = ['', 'k', 'm', 'g', 't'].indexOf((match[2] ?? '').toLowerCase());
  return Math.round(Number(match[1]) * 1024 ** power);
}
