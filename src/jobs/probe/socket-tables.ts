export type SocketInfo =
  | {
      readonly kind: 'inet';
      readonly protocol: string;
      readonly local: string;
      readonly remote: string;
      readonly state: 'listening' | 'connected' | 'unconnected';
    }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'packet' }
  | { readonly kind: 'netlink' };

export type SocketEntry = readonly [inode: number, socket: SocketInfo];

/** /proc/net/tcp and its relatives; addresses are hexadecimal, in the byte order of the machine. */
export function parseInetSockets(table: string, text: string): readonly SocketEntry[] {
  const protocol = table.replace(/6$/, '').toUpperCase();
  return text
    .split('\n')
    .slice(1)
    .flatMap((line): readonly SocketEntry[] => {
      const [, local = '', remote = '', state = '', , , , , , inode = ''] = line.trim().split(/\s+/);
      if (!/^\d+$/.test(inode)) return [];
      return [
        [
          Number(inode),
          {
            kind: 'inet',
            protocol,
            local: address(local),
            remote: address(remote),
            state:
              protocol === 'TCP' && state === '0A'
                ? 'listening'
                : isNowhere(remote)
                  ? 'unconnected'
                  : 'connected',
          },
        ],
      ];
    });
}

function isNowhere(hex: string): boolean {
  return /^0+:0+$/.test(hex);
}

function address(hex: string): string {
  const [host = '', port = ''] = hex.split(':');
  const bytes = (host.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).reverse(),
  );
  const mapped = bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff;
  const four = bytes.length === 4 ? bytes : mapped ? bytes.slice(12) : null;
  const text = four ? four.join('.') : `[${ipv6(bytes)}]`;
  return `${text}:${Number.parseInt(port, 16)}`;
}

function ipv6(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, at) => ((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0));
  const text = groups.map((group) => group.toString(16)).join(':');
  const zeros = text.match(/(?:^|:)0(?::0)+(?=:|$)/g)?.sort((a, b) => b.length - a.length)[0];
  if (zeros === undefined) return text;
  const at = text.indexOf(zeros);
  return `${text.slice(0, at)}::${text.slice(at + zeros.length).replace(/^:/, '')}`;
}

/** /proc/net/unix: Num RefCount Protocol Flags Type St Inode Path. */
export function parseUnixSockets(text: string): readonly SocketEntry[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line): readonly SocketEntry[] => {
      const match = /^\S+ \S+ \S+ \S+ \S+ \S+ +(\d+)(?: (.*))?$/.exec(line);
      return match ? [[Number(match[1]), { kind: 'unix', path: match[2] ?? '' }]] : [];
    });
}

/** `ss -xaHn`: … local-path inode peer-path inode. Paths may hold blanks, so the numbers are looked for from the end. */
export function parsePeers(text: string): ReadonlyMap<number, number> {
  const peers = new Map<number, number>();
  for (const line of text.split('\n')) {
    const match = / (\d+) +\S.* (\d+) *$/.exec(line.replace(/^\S+ +\S+ +\d+ +\d+ /, ''));
    if (match) peers.set(Number(match[1]), Number(match[2]));
  }
  return peers;
}
