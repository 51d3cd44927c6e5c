/** What `ssh -G` printed, with its paths and tokens as they were. */
export interface SshSettings {
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  readonly family: 0 | 4 | 6;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  readonly identityAgent: string | null;
  readonly proxyJump: string | null;
  readonly proxyCommand: string | null;
  readonly userKnownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  readonly hostKeyAlias: string | null;
  readonly connectTimeoutMs: number | null;
  readonly keepAliveMs: number | null;
  readonly kex: readonly string[];
  readonly ciphers: readonly string[];
  readonly macs: readonly string[];
  readonly hostKeyAlgorithms: readonly string[];
}

/** Reads the output of `ssh -G`: one `keyword value` a line, keywords in lower case. */
export function parseSshSettings(text: string): SshSettings {
  const values = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const at = line.indexOf(' ');
    if (at <= 0) continue;
    const keyword = line.slice(0, at).toLowerCase();
    values.set(keyword, [...(values.get(keyword) ?? []), line.slice(at + 1)]);
  }
  const one = (keyword: string): string | null => {
    const value = values.get(keyword)?.[0]?.trim();
    return value === undefined || value === '' || value === 'none' ? null : value;
  };
  const list = (keyword: string): readonly string[] => one(keyword)?.split(',') ?? [];
  return {
    hostName: one('hostname') ?? '',
    port: Number(one('port') ?? 22),
    user: one('user') ?? '',
    family: parseFamily(one('addressfamily')),
    identityFiles: (values.get('identityfile') ?? []).filter((file) => file !== 'none'),
    identitiesOnly: one('identitiesonly') === 'yes',
    identityAgent: values.get('identityagent')?.[0]?.trim() ?? null,
    proxyJump: one('proxyjump'),
    proxyCommand: one('proxycommand'),
    userKnownHostsFiles: parsePathList(one('userknownhostsfile')),
    globalKnownHostsFiles: parsePathList(one('globalknownhostsfile')),
    hostKeyAlias: one('hostkeyalias'),
    connectTimeoutMs: parseSeconds(one('connecttimeout')),
    keepAliveMs: parseSeconds(one('serveraliveinterval')),
    kex: list('kexalgorithms'),
    ciphers: list('ciphers'),
    macs: list('macs'),
    hostKeyAlgorithms: list('hostkeyalgorithms'),
  };
}

function parseFamily(value: string | null): 0 | 4 | 6 {
  if (value === 'inet') return 4;
  return value === 'inet6' ? 6 : 0;
}

function parseSeconds(value: string | null): number | null {
  const seconds = Number(value);
  return value !== null && Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null;
}

/** `ssh -G` prints a list of paths without quotes: a piece that does not start one belongs to the path before it. */
function parsePathList(value: string | null): readonly string[] {
  const paths: string[] = [];
  for (const piece of value?.split(' ') ?? []) {
    if (paths.length === 0 || /^[/~]/.test(piece)) paths.push(piece);
    else paths.push(`${paths.pop() ?? ''} ${piece}`);
  }
  return paths.filter((path) => path !== '' && path !== 'none');
}

export interface JumpHop {
  readonly host: string;
  readonly user: string | null;
  readonly port: number | null;
  /** ProxyJump of this hop itself, or null for what the configuration says of it. */
  readonly before: string | null;
}

/** `[user@]host[:port]` or `ssh://…`, several with commas: the last is reached through those before it. */
export function parseJump(spec: string): JumpHop | null {
  const hops = spec.split(',').map((hop) => hop.trim());
  const last = hops.pop() ?? '';
  const match = /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:[\]/]+))(?::(\d{1,5}))?\/?$/.exec(last);
  const host = match?.[2] ?? match?.[3];
  if (!match || host === undefined) return null;
  return {
    host,
    user: match[1] ?? null,
    port: match[4] === undefined ? null : Number(match[4]),
    before: hops.length === 0 ? null : hops.join(','),
  };
}
