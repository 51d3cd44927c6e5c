import { existsSync, readdirSync, readFileSync, lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Found from the source file as well as from a bundle of it in dist/. */
function findFixtures(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'fixtures', 'corpus'))) return join(folder, 'fixtures');
    if (folder === dirname(folder)) throw new Error('fixtures/corpus is not to be found');
  }
}

const fixtures = findFixtures();

export function fixture(path: string): Buffer {
  return readFileSync(join(fixtures, path));
}

/** All files below a folder of fixtures. */
export function fixturesIn(path: string): readonly Buffer[] {
  const top = join(fixtures, path);
  return readdirSync(top, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => join(top, name))
    .filter((file) => lstatSync(file).isFile())
    .map((file) => readFileSync(file));
}

/** Samples of one target: real ones that no encoder of ours writes, and inputs that once went wrong. */
export function corpus(target: string): readonly Buffer[] {
  return existsSync(join(fixtures, 'corpus', target)) ? fixturesIn(join('corpus', target)) : [];
}
