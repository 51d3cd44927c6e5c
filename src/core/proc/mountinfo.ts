/** One line of /proc/[pid]/mountinfo (proc_pid_mountinfo(5)). */
export interface Mount {
  readonly id: number;
  readonly parent: number;
  readonly device: string;
  /** Which folder of the file system is mounted here. */
  readonly root: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly source: string;
  readonly superOptions: readonly string[];
}

export function parseMountinfo(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const [left, right] = line.split(' - ');
    const [id, parent, device, root, mountPoint] = left?.split(' ') ?? [];
    const [type, source, superOptions] = right?.split(' ') ?? [];
    if (!id || !parent || !device || root === undefined || mountPoint === undefined || !type) return [];
    return [
      {
        id: Number(id),
        parent: Number(parent),
        device,
        root: unescapeOctal(root),
        mountPoint: unescapeOctal(mountPoint),
        type,
        source: unescapeOctal(source ?? ''),
        superOptions: (superOptions ?? '').split(','),
      },
    ];
  });
}

/** Blank, tab, newline and backslash come as \040 and the like. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
