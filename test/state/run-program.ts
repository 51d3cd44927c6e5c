import { spawn, type ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';

const programs = new URL('programs/', import.meta.url).pathname;

/** Bundles programs/NAME.ts: Node.js does not run TypeScript by itself. */
export async function bundleProgram(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [`${programs}${name}.ts`],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  });
  return outputFiles[0]!.text;
}

let started = 0;

/** A process of its own, killed at the end of the test at the latest. */
export async function startProgram(
  folder: string,
  code: string,
  args: readonly string[],
): Promise<ChildProcess> {
  started += 1;
  const program = join(folder, `program-${started}.mjs`);
  await writeFile(program, code);
  const child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}
