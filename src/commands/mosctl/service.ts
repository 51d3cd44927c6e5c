import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, symlink, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { initScript, systemdUnit, type ServiceOptions } from '../../core/service-unit.js';
import { MoskitError, UsageError, errnoOf, messageOf } from '../../errors.js';
import { exitCodes } from '../../exit-codes.js';
import { programPath } from '../../program-path.js';
import { writeFileAtomic } from '../../state/atomic-file.js';
import { command, jsonOption, type CommandContext } from '../command.js';
import { servicePlace, type Place } from './service/place.js';
import { settingsOf } from './service/settings.js';
import { startService, stopService } from './service/stop-start.js';

const defaultStopSeconds = 300;

/** Start with the machine, and leave it in order when it goes down. */
export const service = command({
  name: 'mosctl service',
  operands: 'install|remove|status|start|stop',
  count: [1, 1],
  describe:
    'Start mosd with the machine (systemd, or an init script); at shutdown send guests home and fetch own jobs. ' +
    'start and stop are what the unit runs.',
  options: {
    timeout: {
      type: 'number',
      argument: 'SECONDS',
      describe: 'how long shutdown waits for jobs to leave (300)',
    },
    print: { type: 'boolean', describe: 'with install: only print the file' },
    json: jsonOption,
  },
  run: async ({ options, operands: [verb = ''] }, context) => {
    const seconds = options.timeout ?? defaultStopSeconds;
    if (!(seconds >= 1 && seconds <= 86_400)) throw new UsageError('--timeout goes from 1 to 86400 seconds');
    switch (verb) {
      case 'start':
        await startService(context);
        return exitCodes.done;
      case 'stop':
        return (await stopService(context, seconds * 1000)) ? exitCodes.done : exitCodes.refused;
      case 'install':
        return install(context, seconds, options.print === true, options.json === true);
      case 'remove':
        return remove(context, options.json === true);
      case 'status':
        return status(context, options.json === true);
      default:
        throw new UsageError(`'${verb}' is none of install, remove, status, start, stop`);
    }
  },
});

const uidOf = (): number => process.getuid?.() ?? 0;

async function install(
  context: CommandContext,
  seconds: number,
  printOnly: boolean,
  json: boolean,
): Promise<number> {
  const place = servicePlace(context.env, uidOf());
  const isInit = place.kind === 'init script';
  const options: ServiceOptions = {
    program: [process.execPath, programPath(context.env)],
    env: { ...settingsOf(context.env), ...(context.env['HOME'] ? { HOME: context.env['HOME'] } : {}) },
    isSystem: place.kind === 'system unit',
    uid: uidOf(),
    stopSeconds: 2 * seconds + 60, // expel and bring have the time each
  };
  const text = isInit ? initScript(options) : systemdUnit(options);
  if (printOnly) {
    context.print(text.trimEnd());
    return exitCodes.done;
  }
  await mkdir(dirname(place.path), { recursive: true });
  await writeFileAtomic(place.path, text, { durable: true, mode: isInit ? 0o755 : 0o644 });
  if (isInit) await linkInit(place);
  else {
    systemctl(place, ['daemon-reload']);
    systemctl(place, ['enable', 'moskit.service']);
  }
  if (json) context.printJson({ installed: true, kind: place.kind, path: place.path });
  else context.print(`${place.kind} ${place.path}`);
  if (place.kind === 'user unit')
    context.note('it starts when you log in; to start it with the machine: loginctl enable-linger');
  return exitCodes.done;
}

async function remove(context: CommandContext, json: boolean): Promise<number> {
  const place = servicePlace(context.env, uidOf());
  const isThere = existsSync(place.path);
  if (isThere && place.kind !== 'init script') systemctl(place, ['disable', 'moskit.service']);
  for (const path of [...initLinks(place), place.path]) await unlinkIfThere(path);
  if (isThere && place.kind !== 'init script') systemctl(place, ['daemon-reload']);
  if (json) context.printJson({ installed: false, removed: isThere });
  else context.print(isThere ? `removed ${place.path}` : 'there was none');
  return exitCodes.done;
}

async function status(context: CommandContext, json: boolean): Promise<number> {
  const place = servicePlace(context.env, uidOf());
  const installed = existsSync(place.path);
  const runs = (await context.runningMosd()) !== null;
  if (json) context.printJson({ installed, kind: place.kind, path: place.path, mosd: runs });
  else
    context.print(
      `${installed ? `${place.kind} ${place.path}` : 'not installed'}; mosd ${runs ? 'runs' : 'does not run'}`,
    );
  return installed ? exitCodes.done : exitCodes.failed;
}

/** A machine whose systemd does not answer (a container, an image being built) still gets the file. */
function systemctl(place: Place, args: readonly string[]): void {
  const user = place.kind === 'user unit' ? ['--user'] : [];
  const {
    status: code,
    stderr,
    error,
  } = spawnSync('systemctl', [...user, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (code === 0) return;
  throw new MoskitError(`systemctl ${args.join(' ')} failed: ${error ? messageOf(error) : stderr.trim()}`, {
    hint: `the unit is ${place.path}`,
  });
}

/** Started last and stopped first, in the runlevels that Debian uses. */
function initLinks(place: Place): readonly string[] {
  if (place.kind !== 'init script') return [];
  const link = (level: number, name: string): string => join(place.root, `etc/rc${level}.d/${name}moskit`);
  return [
    ...[2, 3, 4, 5].map((level) => link(level, 'S99')),
    ...[0, 1, 6].map((level) => link(level, 'K01')),
  ];
}

async function linkInit(place: Place): Promise<void> {
  for (const path of initLinks(place)) {
    await mkdir(dirname(path), { recursive: true });
    await unlinkIfThere(path);
    await symlink('../init.d/moskit', path);
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT')
      throw new MoskitError(`cannot remove ${path}: ${messageOf(error)}`, { cause: error });
  });
}
