import type { FileHandle } from 'node:fs/promises';
import { RefusedError } from '../../errors.js';
import { displayPath } from './byte-path.js';
import type { Inlet } from './inlet.js';
import { chunkHeadBytes, chunkKinds, damaged, endStates, parseChunkHead, type FileHeader } from './wire.js';

const writeBytes = 1024 * 1024;

export interface Received {
  readonly bytes: number;
  readonly isStable: boolean;
}

/** Fills the file with what the chunks say; afterwards it has exactly the size of its header. */
export async function receiveContent(
  inlet: Inlet,
  handle: FileHandle,
  header: FileHeader,
  limitBytes: number,
): Promise<Received> {
  let position = header.offset;
  let dataEnd = 0;
  let bytes = 0;
  for (;;) {
    const { kind, length } = parseChunkHead(await inlet.exactly(chunkHeadBytes));
    if (kind === chunkKinds.end) {
      const isStable = endOf(length, position, header);
      // for a hole at the end, and for what was there before
      if (dataEnd !== header.size || header.offset > 0) await handle.truncate(header.size);
      return { bytes, isStable };
    }
    if (length === 0 || length > header.size - position) throw damaged('a piece does not fit into its file');
    if (kind === chunkKinds.data) {
      bytes += length;
      if (bytes > limitBytes) throw tooMuch(header.path);
      await receiveData(inlet, handle, position, length);
    } else if (kind !== chunkKinds.hole) throw damaged('a piece is of a kind that is not known here');
    position += length;
    if (kind === chunkKinds.data) dataEnd = position;
  }
}

function endOf(state: number, position: number, header: FileHeader): boolean {
  if (state === endStates.unstable) return false;
  if (state !== endStates.stable || position !== header.size) throw damaged('a file ends early');
  return true;
}

async function receiveData(
  inlet: Inlet,
  handle: FileHandle,
  position: number,
  length: number,
): Promise<void> {
  for (let done = 0; done < length;) {
    const piece = await inlet.some(Math.min(writeBytes, length - done));
    await writeFully(handle, piece, position + done);
    done += piece.length;
  }
}

/** One write may take less than it was given, on a disk that is nearly full for example. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

function tooMuch(path: string): RefusedError {
  return new RefusedError(`more bytes were sent than are allowed here (at '${displayPath(path)}')`);
}
