import { messageOf } from '../errors.js';
import { cleanText } from './remote-text.js';
import type { ResolvedHost, Via } from './resolved-host.js';
import { installHint, runTool, ToolMissingError } from './run-tool.js';
import { parseJump, parseSshSettings, type JumpHop, type SshSettings } from './ssh-config-parse.js';
import { SshError } from './ssh-error.js';
import { agentSocketOf, expandPath } from './ssh-paths.js';

const toolTimeoutMs = 10_000;
const maxHops = 8;
const maxAddressLength = 300;

/**
 * What the SSH configuration says of `address`; MOSKIT_SSH_CONFIG in `env` is the file given to `ssh -F`. ssh itself
 * reads the configuration (`ssh -G`), so Include, Match and all else mean what they mean there.
 */
export function resolveHost(address: string, env: NodeJS.ProcessEnv): Promise<ResolvedHost> {
  return resolve({ host: address, user: null, port: null, before: null }, env, 0);
}

async function resolve(hop: JumpHop, env: NodeJS.ProcessEnv, depth: number): Promise<ResolvedHost> {
  const settings = await readSettings(hop, env);
  checkNames(hop.host, settings);
  const tokens = { address: hop.host, ...settings };
  const expand = (path: string): string => expandPath(path, tokens, env);
  return {
    address: hop.host,
    configFile: configFileOf(env),
    hostName: settings.hostName,
    port: settings.port,
    user: settings.user,
    family: settings.family,
    via: await resolveVia(hop.host, settings, env, depth),
    identityFiles: settings.identityFiles.map(expand),
    identitiesOnly: settings.identitiesOnly,
    agentSocket: agentSocketOf(settings.identityAgent, tokens, env),
    userKnownHostsFiles: settings.userKnownHostsFiles.map(expand),
    globalKnownHostsFiles: settings.globalKnownHostsFiles.map(expand),
    hostKeyAlias: settings.hostKeyAlias,
    connectTimeoutMs: settings.connectTimeoutMs,
    keepAliveMs: settings.keepAliveMs,
    kex: settings.kex,
    ciphers: settings.ciphers,
    macs: settings.macs,
    hostKeyAlgorithms: settings.hostKeyAlgorithms,
  };
}

async function resolveVia(
  address: string,
  settings: SshSettings,
  env: NodeJS.ProcessEnv,
  depth: number,
): Promise<Via> {
  if (settings.proxyJump !== null) {
    const hop = parseJump(settings.proxyJump);
    if (!hop)
      throw new SshError('config', `the ProxyJump of ${address} cannot be read: ${settings.proxyJump}`);
    if (depth >= maxHops) {
      throw new SshError('config', `the ProxyJump of ${address} leads through more than ${maxHops} hosts`, {
        hint: 'a host that jumps through itself? Give it `ProxyJump none` in the SSH configuration',
      });
    }
    return { kind: 'jump', host: await resolve(hop, env, depth + 1) };
  }
  return settings.proxyCommand === null
    ? { kind: 'direct' }
    : { kind: 'command', command: settings.proxyCommand };
}

function configFileOf(env: NodeJS.ProcessEnv): string | null {
  const file = env['MOSKIT_SSH_CONFIG'];
  return file === undefined || file === '' ? null : file;
}

async function readSettings(hop: JumpHop, env: NodeJS.ProcessEnv): Promise<SshSettings> {
  if (!isAddress(hop.host)) {
    throw new SshError('config', `'${cleanText(hop.host, 80)}' is not an address that ssh can be given`);
  }
  const file = configFileOf(env);
  const args = [
    '-G',
    ...(file === null ? [] : ['-F', file]),
    ...(hop.user === null ? [] : ['-l', hop.user]),
    ...(hop.port === null ? [] : ['-p', String(hop.port)]),
    ...(hop.before === null ? [] : ['-J', hop.before]),
    '--',
    hop.host,
  ];
  const result = await runTool('ssh', args, { timeoutMs: toolTimeoutMs, env }).catch((error: unknown) => {
    throw noSsh(hop.host, error);
  });
  if (result.code !== 0) {
    throw new SshError(
      'config',
      `ssh cannot read its configuration for ${hop.host}: ${lastLines(result.stderr)}`,
    );
  }
  return parseSshSettings(result.stdout);
}

function noSsh(address: string, error: unknown): SshError {
  return new SshError('config', `the configuration of ${address} cannot be read: ${messageOf(error)}`, {
    cause: error,
    ...(error instanceof ToolMissingError ? { hint: installHint } : {}),
  });
}

function lastLines(text: string): string {
  return cleanText(text.trim().split('\n').slice(-3).join('; ')) || 'it gave no reason';
}

/** ssh would take a leading `-` for an option; blanks and control characters are in no address. */
function isAddress(text: string): boolean {
  return text.length <= maxAddressLength && /^[^\s\p{Cc}-][^\s\p{Cc}]*$/u.test(text);
}

/** As ssh does: names that a ProxyCommand's shell could misread are refused. */
function checkNames(address: string, settings: SshSettings): void {
  const unsafe = /['"`$\\;&<>|(){}\s\p{Cc}]|^-/u;
  if (settings.hostName === '' || unsafe.test(settings.hostName)) {
    throw new SshError('config', `the HostName of ${cleanText(address, 80)} has characters no host name has`);
  }
  if (settings.user === '' || unsafe.test(settings.user)) {
    throw new SshError('config', `the User of ${cleanText(address, 80)} has characters no user name has`);
  }
  if (!Number.isInteger(settings.port) || settings.port < 1 || settings.port > 65535) {
    throw new SshError('config', `the Port of ${address} is not one`);
  }
}
