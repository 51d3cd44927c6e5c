import type { Algorithms } from 'ssh2';
import { orderHostKeyAlgorithms, type KnownKey } from './known-keys.js';
import type { ResolvedHost } from './resolved-host.js';
import { SshError } from './ssh-error.js';
import type { SupportedAlgorithms } from './ssh2.js';

/** Measured through one channel: aes128-gcm 322 MB/s, chacha20-poly1305 208, aes128-ctr 102. */
const fastCiphers = ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'];

/** What the configuration allows and ssh2 can do; the fast ciphers and the known host keys first. */
export function chooseAlgorithms(
  host: ResolvedHost,
  supported: SupportedAlgorithms,
  known: readonly KnownKey[],
): Algorithms {
  const cut = (what: string, wanted: readonly string[], can: readonly string[]): readonly string[] => {
    const both = wanted.filter((name) => can.includes(name));
    if (both.length > 0) return both;
    throw new SshError(
      'config',
      `${host.address} cannot be reached: its configuration allows no ${what} that moskit has`,
      {
        hint: `allow one of ${can.slice(0, 4).join(', ')} in the SSH configuration`,
      },
    );
  };
  const ciphers = cut('Ciphers', host.ciphers, supported.cipher);
  const hostKeys = cut('HostKeyAlgorithms', host.hostKeyAlgorithms, supported.serverHostKey);
  return {
    kex: cut('KexAlgorithms', host.kex, supported.kex),
    cipher: [
      ...fastCiphers.filter((name) => ciphers.includes(name)),
      ...ciphers.filter((name) => !fastCiphers.includes(name)),
    ],
    hmac: cut('MACs', host.macs, supported.mac),
    serverHostKey: orderHostKeyAlgorithms(hostKeys, known),
    compress: ['none'],
  } as Algorithms;
}
