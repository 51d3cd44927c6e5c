/** One line of a known_hosts file that speaks of a host. */
export interface KnownKey {
  readonly file: string;
  /** Line number, 1-based; 0 when ssh-keygen did not say. */
  readonly line: number;
  readonly marker: 'revoked' | 'cert-authority' | null;
  readonly type: string;
  readonly base64: string;
}

/** Reads what `ssh-keygen -F NAME -f FILE` printed. */
export function parseKnownKeys(text: string, file: string): readonly KnownKey[] {
  const keys: KnownKey[] = [];
  let line = 0;
  for (const row of text.split('\n')) {
    const found = /^# Host .* found: line (\d+)/.exec(row);
    if (found) line = Number(found[1]);
    if (row.startsWith('#') || row.trim() === '') continue;
    const words = row.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
    const [, type, base64] = words;
    if (type === undefined || base64 === undefined) continue;
    keys.push({ file, line, marker: parseMarker(marker), type, base64 });
    line = 0;
  }
  return keys;
}

/** An unknown marker trusts nothing, so it counts as a revocation. */
function parseMarker(marker: string | undefined): KnownKey['marker'] {
  if (marker === undefined) return null;
  return marker === '@cert-authority' ? 'cert-authority' : 'revoked';
}

export type KeyVerdict =
  | { readonly kind: 'known' }
  | { readonly kind: 'revoked'; readonly by: KnownKey }
  /** Another key of the same type is known. */
  | { readonly kind: 'changed'; readonly known: KnownKey }
  /** Keys of other types are known, none of this one. */
  | { readonly kind: 'other-type'; readonly known: KnownKey }
  | { readonly kind: 'unknown' };

/** What to think of the key that a host shows, given all that is known of the host. */
export function judgeHostKey(
  known: readonly KnownKey[],
  shown: { readonly type: string; readonly base64: string },
): KeyVerdict {
  const revoked = known.find((key) => key.marker === 'revoked' && key.base64 === shown.base64);
  if (revoked) return { kind: 'revoked', by: revoked };
  const plain = known.filter((key) => key.marker === null);
  if (plain.some((key) => key.base64 === shown.base64)) return { kind: 'known' };
  const changed = plain.find((key) => key.type === shown.type);
  if (changed) return { kind: 'changed', known: changed };
  const other = plain[0];
  return other ? { kind: 'other-type', known: other } : { kind: 'unknown' };
}

/**
 * The algorithms to ask for, those of known keys first: a server shows one key only, and one of a type that is not
 * known would look like a changed or unknown host.
 */
export function orderHostKeyAlgorithms(
  allowed: readonly string[],
  known: readonly KnownKey[],
): readonly string[] {
  const types = new Set(known.filter((key) => key.marker === null).map((key) => key.type));
  const isKnown = (algorithm: string): boolean => types.has(keyTypeOf(algorithm));
  return [...allowed.filter(isKnown), ...allowed.filter((algorithm) => !isKnown(algorithm))];
}

function keyTypeOf(algorithm: string): string {
  return algorithm.startsWith('rsa-sha2-') ? 'ssh-rsa' : algorithm;
}
