import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { elfHeaderBytes, findBuildId, noteRanges, parseElfHeader, type ByteRange } from '../../core/elf.js';
import type { FileFingerprint } from '../driver.js';

/** A bigger file without a build id takes too long to compare. */
const mostHashedBytes = 1024 * 1024 * 1024;
const chunkBytes = 1024 * 1024;
const mostKnown = 10_000;

export type FingerprintAnswer =
  | { readonly ok: true; readonly fingerprint: FileFingerprint; readonly bits: 32 | 64 | null }
  | { readonly ok: false; readonly reason: string };

/** By device, inode, size and times: a file that was replaced or written to is looked at again. */
const known = new Map<string, FingerprintAnswer>();

/** What tells whether two machines have the same file at a path: ELF build id, or else the content. */
export async function fingerprintOf(path: string): Promise<FingerprintAnswer> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return { ok: false, reason: `${path} can't be read: ${reasonOf(error)}` };
  }
  try {
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) return { ok: false, reason: `${path} is not a file` };
    const key = [path, stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ');
    const before = known.get(key);
    if (before) return before;
    const answer = await look(file, path, Number(stats.size));
    if (known.size >= mostKnown) known.clear();
    known.set(key, answer);
    return answer;
  } finally {
    await file.close();
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error ? (Reflect.get(error, 'code') as unknown) : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  return code === 'EACCES' ? 'permission denied' : String(code ?? error);
}

async function look(file: FileHandle, path: string, size: number): Promise<FingerprintAnswer> {
  const elf = await readElf(file);
  if (elf?.buildId) return { ok: true, fingerprint: { path, size, id: elf.buildId }, bits: elf.bits };
  if (size > mostHashedBytes)
    return { ok: false, reason: `${path} is too big to be compared with the target's` };
  const id = `sha256:${await sha256(file)}`;
  return { ok: true, fingerprint: { path, size, id }, bits: elf?.bits ?? null };
}

async function readElf(
  file: FileHandle,
): Promise<{ readonly bits: 32 | 64; readonly buildId: string | null } | null> {
  const header = parseElfHeader(await readRange(file, { offset: 0, size: elfHeaderBytes }));
  if (!header) return null;
  for (const range of noteRanges(await readRange(file, header.programHeaders), header)) {
    const buildId = findBuildId(await readRange(file, range), header);
    if (buildId !== null) return { bits: header.bits, buildId };
  }
  return { bits: header.bits, buildId: null };
}

async function readRange(file: FileHandle, { offset, size }: ByteRange): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, offset);
  return buffer.subarray(0, bytesRead);
}

async function sha256(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const chunk = Buffer.alloc(chunkBytes);
  for (let at = 0; ;) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(chunk.subarray(0, bytesRead));
    at += bytesRead;
  }
}
