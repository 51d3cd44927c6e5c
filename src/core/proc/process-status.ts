/** /proc/[pid]/status as its lines `Name:\tvalue`. */
export type ProcessStatus = ReadonlyMap<string, string>;

export function parseProcessStatus(text: string): ProcessStatus {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return fields;
}

/** A field in kB, or null where it is absent (kernel threads and zombies have no memory). */
export function statusKib(status: ProcessStatus, field: string): number | null {
  const match = /^(\d+) kB$/.exec(status.get(field) ?? '');
  return match ? Number(match[1]) : null;
}

/** Real, effective, saved and file system uid. */
export function statusUids(status: ProcessStatus): readonly number[] {
  return numbers(status.get('Uid'));
}

/** The process's PIDs from our namespace inwards; the last is its own view. Empty on kernels before 4.1. */
export function statusNamespacePids(status: ProcessStatus): readonly number[] {
  return numbers(status.get('NSpid'));
}

function numbers(text: string | undefined): readonly number[] {
  return (text ?? '').split(/\s+/).filter(Boolean).map(Number);
}
