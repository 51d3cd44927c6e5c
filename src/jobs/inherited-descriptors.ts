import { closeSync, readdirSync, readFileSync } from 'node:fs';

const closeOnExec = 0o2000000;
let isDone = false;

/**
 * Closes the descriptors that whoever started us has left open. Node.js marks all of its own close-on-exec, so what
 * is not marked came from outside; a job that inherited one could not be dumped, and would hold it open for ever.
 */
export function closeInheritedDescriptors(): void {
  if (isDone) return;
  isDone = true;
  for (const name of readdirSync('/proc/self/fdinfo')) {
    const fd = Number(name);
    if (fd > 2 && isInherited(fd)) closeSync(fd);
  }
}

function isInherited(fd: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) === 0;
  } catch {
    return false; // the descriptor of the folder listing itself is closed by now
  }
}
