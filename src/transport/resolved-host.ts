/** How the bytes get to a host. */
export type Via =
  | { readonly kind: 'direct' }
  /** ProxyJump: a channel of the connection to another host. */
  | { readonly kind: 'jump'; readonly host: ResolvedHost }
  /** ProxyCommand: stdin and stdout of a local command; %h %p %r %n are not replaced yet. */
  | { readonly kind: 'command'; readonly command: string };

/** What `ssh -G` says of one address; paths are absolute. */
export interface ResolvedHost {
  /** As written in the map or by the user. */
  readonly address: string;
  /** Given to `ssh -F`; null = the user's own. */
  readonly configFile: string | null;
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  /** 4 or 6 where only that is wanted. */
  readonly family: 0 | 4 | 6;
  readonly via: Via;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** Socket of the ssh-agent, or null. */
  readonly agentSocket: string | null;
  readonly userKnownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  readonly hostKeyAlias: string | null;
  readonly connectTimeoutMs: number | null;
  /** Time between keep-alives; null = not configured. */
  readonly keepAliveMs: number | null;
  readonly kex: readonly string[];
  readonly ciphers: readonly string[];
  readonly macs: readonly string[];
  readonly hostKeyAlgorithms: readonly string[];
}
