import { closeSync, openSync, readSync } from 'node:fs';

let buffer = Buffer.alloc(64 * 1024);
const largestBytes = 4 * 1024 * 1024;

/** A file of the kernel that is read again and again: opened once, each read starts at its beginning. */
export class KernelFile {
  readonly #path: string;
  #fd: number | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** Null when it can't be read: not there, or gone since. */
  read(): string | null {
    try {
      this.#fd ??= openSync(this.#path, 'r');
      return readFrom(this.#fd);
    } catch {
      this.close();
      return null;
    }
  }

  close(): void {
    if (this.#fd === null) return;
    try {
      closeSync(this.#fd);
    } catch {
      // it was gone already
    }
    this.#fd = null;
  }
}

/** Opens, reads and closes; null when it can't be read. */
export function readKernelFile(path: string): string | null {
  const file = new KernelFile(path);
  const text = file.read();
  file.close();
  return text;
}

/** /proc and cgroup files have no size; all that is read at once into one buffer is of one moment. */
function readFrom(fd: number): string {
  let length = 0;
  for (;;) {
    if (length === buffer.length) grow();
    const got = readSync(fd, buffer, length, buffer.length - length, length);
    if (got === 0) return buffer.toString('latin1', 0, length);
    length += got;
  }
}

function grow(): void {
  if (buffer.length >= largestBytes) throw new Error('larger than any file of the kernel');
  buffer = Buffer.concat([buffer], buffer.length * 4);
}
