import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors.js';
import { judgeHostKey, parseKnownKeys, type KeyVerdict, type KnownKey } from './known-keys.js';
import type { ResolvedHost } from './resolved-host.js';
import { installHint, runTool, ToolMissingError } from './run-tool.js';
import { shellWord } from './shell-word.js';
import { SshError } from './ssh-error.js';
import { sshHome } from './ssh-paths.js';

const toolTimeoutMs = 10_000;
/** ssh-keygen answers 1 for a name that is not there. */
const notFoundCode = 1;

/** All that the known_hosts files say of a host. */
export interface HostKnowledge {
  readonly keys: readonly KnownKey[];
  /** Keys known for the name without its port: they may vouch for the host, as with ssh, but accuse nobody. */
  readonly portless: readonly KnownKey[];
}

/** The name under which a host's keys are kept. */
export function knownHostsName(host: ResolvedHost): string {
  if (host.hostKeyAlias !== null) return host.hostKeyAlias;
  const name = host.hostName.toLowerCase();
  return host.port === 22 ? name : `[${name}]:${host.port}`;
}

/** Asks ssh-keygen, which knows hashed names, patterns, `[host]:port` and markers. */
export async function findHostKeys(host: ResolvedHost): Promise<HostKnowledge> {
  const files = [...host.userKnownHostsFiles, ...host.globalKnownHostsFiles].filter((file) =>
    existsSync(file),
  );
  const find = async (name: string): Promise<readonly KnownKey[]> =>
    (await Promise.all(files.map((file) => askKeygen(name, file)))).flat();
  const keys = await find(knownHostsName(host));
  const hasPort = host.hostKeyAlias === null && host.port !== 22;
  return { keys, portless: hasPort && keys.length === 0 ? await find(host.hostName.toLowerCase()) : [] };
}

/** Only an authority vouches for the host: it has to show a certificate, which ssh2 can't check. */
export function needsCertificate({ keys, portless }: HostKnowledge): boolean {
  const known = [...keys, ...portless];
  return (
    known.some(({ marker }) => marker === 'cert-authority') && !known.some(({ marker }) => marker === null)
  );
}

async function askKeygen(name: string, file: string): Promise<readonly KnownKey[]> {
  const result = await runTool('ssh-keygen', ['-F', name, '-f', file], {
    timeoutMs: toolTimeoutMs,
    env: process.env,
  }).catch((error: unknown) => {
    throw new SshError('config', `the known hosts in ${file} cannot be read: ${messageOf(error)}`, {
      cause: error,
      ...(error instanceof ToolMissingError ? { hint: installHint } : {}),
    });
  });
  return result.code === notFoundCode ? [] : parseKnownKeys(result.stdout, file);
}

/** Null when the host may be trusted; else the refusal. Always strict, whatever StrictHostKeyChecking says. */
export function checkHostKey(host: ResolvedHost, knowledge: HostKnowledge, key: Buffer): SshError | null {
  const shown = { type: typeOfKey(key), base64: key.toString('base64') };
  const verdict = judgeHostKey(knowledge.keys, shown);
  if (verdict.kind === 'known') return null;
  if (verdict.kind === 'unknown') {
    const portless = judgeHostKey(knowledge.portless, shown);
    if (portless.kind === 'known') return null;
    if (portless.kind === 'revoked') return refusal(host, portless, key);
  }
  return refusal(host, verdict, key);
}

function refusal(host: ResolvedHost, verdict: KeyVerdict, key: Buffer): SshError {
  const name = knownHostsName(host);
  const type = shortType(typeOfKey(key));
  const shown = `${type} ${fingerprint(key)}`;
  const refuse = (message: string, hint: string): SshError => new SshError('host-key', message, { hint });
  switch (verdict.kind) {
    case 'revoked':
      return refuse(
        `${host.address} is refused: its host key (${shown}) is revoked in ${where(verdict.by)}`,
        'do not connect; ask whoever runs that machine',
      );
    case 'changed':
      return refuse(
        `${host.address} is refused: its host key changed. It shows ${shown}, another one is known in ` +
          `${where(verdict.known)}. Somebody may be listening in, or the machine was installed again`,
        `if the machine was installed again: ssh-keygen -R ${shellWord(name)} -f ${shellWord(verdict.known.file)} ` +
          `&& ${learnLine(host, key)}`,
      );
    case 'other-type':
      return refuse(
        `${host.address} is refused: it shows the host key ${shown}, and only its ` +
          `${shortType(verdict.known.type)} key is known, in ${where(verdict.known)}`,
        learnHint(host, key),
      );
    default:
      return refuse(`${host.address} is refused: its host key (${shown}) is unknown`, learnHint(host, key));
  }
}

function learnHint(host: ResolvedHost, key: Buffer): string {
  return `compare ${fingerprint(key)} with the machine's own, then: ${learnLine(host, key)}`;
}

/** The line that adds the key: ssh-keyscan where it can reach the host and would write the right name. */
function learnLine(host: ResolvedHost, key: Buffer): string {
  const file = host.userKnownHostsFiles.find((path) => path !== '/dev/null');
  const target = shellWord(file ?? join(sshHome(process.env), '.ssh', 'known_hosts'));
  if (host.via.kind === 'direct' && host.hostKeyAlias === null) {
    return `ssh-keyscan -p ${host.port} ${shellWord(host.hostName)} >> ${target}`;
  }
  const line = `${knownHostsName(host)} ${typeOfKey(key)} ${key.toString('base64')}`;
  return `echo ${shellWord(line)} >> ${target}`;
}

function where(key: KnownKey): string {
  return key.line === 0 ? key.file : `${key.file}:${key.line}`;
}

/** As `ssh-keygen -l` writes it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** An SSH key starts with its type as a counted string. */
export function typeOfKey(key: Buffer): string {
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0;
  return key
    .subarray(4, 4 + Math.min(length, 64))
    .toString('latin1')
    .replace(/[^\w@.-]/g, '?');
}

function shortType(type: string): string {
  if (type === 'ssh-rsa') return 'RSA';
  return type.startsWith('ecdsa-') ? 'ECDSA' : type.replace(/^ssh-/, '').toUpperCase();
}
