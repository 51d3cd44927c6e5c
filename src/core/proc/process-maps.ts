/** One line of /proc/[pid]/maps. Addresses are hexadecimal text: they do not fit a number. */
export interface Mapping {
  readonly start: string;
  readonly end: string;
  /** `rwxp`, `s` instead of `p` for shared. */
  readonly permissions: string;
  readonly offset: string;
  readonly device: string;
  readonly inode: number;
  /** File, or `[heap]`, `[vdso]` …; empty for anonymous memory. */
  readonly path: string;
  /** The file was unlinked after it was mapped. */
  readonly deleted: boolean;
}

const linePattern =
  /^([0-9a-f]+)-([0-9a-f]+) ([r-][w-][x-][ps]) ([0-9a-f]+) ([0-9a-f]+:[0-9a-f]+) (\d+) *(.*)$/;
const deletedMark = ' (deleted)';

export function parseProcessMaps(text: string): readonly Mapping[] {
  return text.split('\n').flatMap((line) => {
    const match = linePattern.exec(line);
    if (!match) return [];
    const [, start = '', end = '', permissions = '', offset = '', device = '', inode = '', name = ''] = match;
    const deleted = name.startsWith('/') && name.endsWith(deletedMark);
    const path = unescapePath(deleted ? name.slice(0, -deletedMark.length) : name);
    return [{ start, end, permissions, offset, device, inode: Number(inode), path, deleted }];
  });
}

/** The kernel writes a newline in a path as \012, and nothing else. */
function unescapePath(path: string): string {
  return path.replaceAll('\\012', '\n');
}
