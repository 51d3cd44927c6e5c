/**
 * Paths as they travel: relative, '/'-separated byte strings, one character per byte (latin1). Everything that comes
 * from a peer passes `pathProblem` before it touches a disk.
 */
export const maxPathBytes = 4096;
export const maxNameBytes = 255;

export function bytesOfPath(path: string): Buffer {
  return Buffer.from(path, 'latin1');
}

export function pathOfBytes(bytes: Buffer): string {
  return bytes.toString('latin1');
}

/** What a user typed, as a byte string. */
export function pathOfText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** For messages: UTF-8 where it is UTF-8, with control characters and stray bytes escaped. */
export function displayPath(path: string): string {
  const text = bytesOfPath(path).toString('utf8');
  const readable = text.includes('\ufffd') ? escapeWhere(path, /[^\x20-\x7e]/g) : text;
  return escapeWhere(readable, /[\p{Cc}\u2028\u2029]/gu);
}

function escapeWhere(text: string, pattern: RegExp): string {
  return text.replace(pattern, (char) => `\\x${(char.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`);
}

/** Why this may not be used as a path below a folder; null when it may. */
export function pathProblem(path: unknown): string | null {
  if (typeof path !== 'string' || path === '') return 'a path is missing';
  const problem = byteStringProblem(path);
  if (problem !== null) return problem;
  if (path.startsWith('/')) return 'a path is absolute';
  for (const name of path.split('/')) {
    if (name === '' || name === '.' || name === '..') return `a path has '${name}' in it`;
    if (name.length > maxNameBytes) return 'a name is too long';
  }
  return null;
}

/** Why this may not be a link's target or part of a path. A character above 0xff could turn into '/' as a byte. */
export function byteStringProblem(text: unknown): string | null {
  if (typeof text !== 'string' || text === '') return 'a path is missing';
  if (text.length > maxPathBytes) return 'a path is too long';
  return /^[\x01-\xff]*$/.test(text) ? null : 'a path has characters that no path can have';
}

/** '' for a name directly below the root. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function joinPath(dir: string, name: string): string {
  return dir === '' ? name : `${dir}/${name}`;
}
