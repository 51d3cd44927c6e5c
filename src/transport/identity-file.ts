import { readFile, stat } from 'node:fs/promises';
import { errnoOf, messageOf } from '../errors.js';
import { loadSsh2 } from './ssh2.js';

/** What one IdentityFile is good for. */
export type Identity =
  | { readonly kind: 'missing'; readonly file: string }
  /** Can sign by itself. */
  | { readonly kind: 'ready'; readonly file: string; readonly publicKey: Buffer; readonly privateKey: Buffer }
  /** Only an agent that holds it can sign with it; `why` says what keeps the file from being used. */
  | {
      readonly kind: 'agent-only';
      readonly file: string;
      readonly publicKey: Buffer | null;
      readonly why: 'encrypted' | 'hardware key' | 'public half only';
    }
  | { readonly kind: 'unusable'; readonly file: string; readonly why: string };

const maxKeyFileBytes = 256 * 1024;
const keyMagic = 'openssh-key-v1\0';

export async function readIdentity(file: string): Promise<Identity> {
  try {
    const facts = await stat(file);
    if (facts.size > maxKeyFileBytes) return { kind: 'unusable', file, why: 'it is no key: too large' };
    const content = await readFile(file);
    const publicOnly = readPublicLine(content.toString('latin1'));
    if (publicOnly) return { kind: 'agent-only', file, publicKey: publicOnly, why: 'public half only' };
    if ((facts.mode & 0o077) !== 0 && facts.uid === process.getuid?.()) {
      const mode = (facts.mode & 0o777).toString(8).padStart(4, '0');
      return { kind: 'unusable', file, why: `others may read it (mode ${mode}); chmod 600 it` };
    }
    return await judgeKey(file, content);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return { kind: 'missing', file };
    return { kind: 'unusable', file, why: messageOf(error) };
  }
}

async function judgeKey(file: string, content: Buffer): Promise<Identity> {
  const { utils } = await loadSsh2();
  const publicKey = readPublicHalf(content) ?? (await readPublicFile(`${file}.pub`));
  if (publicKey && isHardwareKey(publicKey)) {
    return { kind: 'agent-only', file, publicKey, why: 'hardware key' };
  }
  const parsed: unknown = utils.parseKey(content);
  const key = Array.isArray(parsed) ? (parsed[0] as ReturnType<typeof utils.parseKey>) : parsed;
  if (key instanceof Error) {
    return /encrypted/i.test(key.message)
      ? { kind: 'agent-only', file, publicKey, why: 'encrypted' }
      : { kind: 'unusable', file, why: key.message };
  }
  const whole = key as Exclude<ReturnType<typeof utils.parseKey>, Error>;
  return { kind: 'ready', file, publicKey: whole.getPublicSSH(), privateKey: content };
}

export function isHardwareKey(publicKey: Buffer): boolean {
  return publicKey.subarray(4, 7).toString('latin1') === 'sk-';
}

async function readPublicFile(file: string): Promise<Buffer | null> {
  const text = await readFile(file, 'latin1').catch(() => '');
  return readPublicLine(text.slice(0, maxKeyFileBytes));
}

/** `ssh-ed25519 AAAA… comment` */
function readPublicLine(text: string): Buffer | null {
  const match = /^(?:ssh-|ecdsa-|sk-)\S+ ([A-Za-z0-9+/=]+)/.exec(text);
  return match?.[1] === undefined ? null : Buffer.from(match[1], 'base64');
}

/** OpenSSH's format keeps the public half in clear, also where the private one is encrypted. */
function readPublicHalf(content: Buffer): Buffer | null {
  const match = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(content.toString('latin1'));
  const bytes = Buffer.from(match?.[1] ?? '', 'base64');
  if (bytes.subarray(0, keyMagic.length).toString('latin1') !== keyMagic) return null;
  let at = keyMagic.length;
  const take = (): Buffer => {
    const length = bytes.readUInt32BE(at);
    at += 4 + length;
    return bytes.subarray(at - length, at);
  };
  try {
    take(); // cipher
    take(); // key derivation
    take(); // its options
    at += 4; // number of keys
    return take();
  } catch {
    return null;
  }
}
