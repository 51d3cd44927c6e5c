import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formats, type Format } from './formats.js';
import { harmed } from './harm.js';

export interface Points {
  readonly points: number;
  readonly wrong: readonly string[];
}

/** Every file of ours, cut off, filled with zeros and with a bit flipped at every byte (`stride`: at every n-th). */
export async function tornFiles(folder: string, stride: number): Promise<Points> {
  const wrong: string[] = [];
  let points = 0;
  for (const format of formats) {
    const clean = join(folder, 'clean');
    await emptied(clean);
    await format.write(clean);
    const bytes = await readFile(join(clean, format.file));
    for (const harm of format.harms) {
      for (let at = 0; at < bytes.length; at += stride, points++) {
        const problem = await tryPoint(format, join(folder, 'torn'), harmed(bytes, harm, at), harm);
        if (problem !== null) wrong.push(`${format.name}, ${harm} at byte ${at}: ${problem}`);
      }
    }
  }
  return { points, wrong };
}

async function tryPoint(
  format: Format,
  folder: string,
  bytes: Buffer,
  harm: Parameters<Format['accepts']>[1],
): Promise<string | null> {
  await emptied(folder);
  await format.write(folder);
  await writeFile(join(folder, format.file), bytes);
  try {
    const loaded = await format.load(folder);
    if (loaded !== null) return format.accepts(loaded, harm) ? null : `loads as ${loaded.slice(0, 200)}`;
    return (await holds(folder, bytes)) ? null : 'is damaged and was not kept';
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

async function holds(folder: string, bytes: Buffer): Promise<boolean> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && (await readFile(join(entry.parentPath, entry.name))).equals(bytes)) return true;
  }
  return false;
}

async function emptied(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
}
