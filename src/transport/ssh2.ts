import type * as Ssh2 from 'ssh2';

/** Loaded on first use: 60 ms that a tool without a connection need not pay. */
export async function loadSsh2(): Promise<typeof Ssh2> {
  // Types describe named exports; Node.js and the bundle give a CommonJS module as `default`.
  return ((await import('ssh2')) as unknown as { readonly default: typeof Ssh2 }).default;
}

export interface SupportedAlgorithms {
  readonly kex: readonly string[];
  readonly serverHostKey: readonly string[];
  readonly cipher: readonly string[];
  readonly mac: readonly string[];
}

/** What ssh2 can do on this machine's OpenSSL. It throws on any other name, so lists are cut down to these. */
export async function supportedAlgorithms(): Promise<SupportedAlgorithms> {
  // @ts-expect-error a module of ssh2 that its types do not describe
  const module: unknown = await import('ssh2/lib/protocol/constants.js');
  const constants = (module as { readonly default: Readonly<Record<string, string[]>> }).default;
  return {
    kex: constants['SUPPORTED_KEX'] ?? [],
    serverHostKey: constants['SUPPORTED_SERVER_HOST_KEY'] ?? [],
    cipher: constants['SUPPORTED_CIPHER'] ?? [],
    mac: constants['SUPPORTED_MAC'] ?? [],
  };
}
