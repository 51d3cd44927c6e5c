import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const repository = dirname(dirname(fileURLToPath(import.meta.url)));

/** All that may be in what users install. One more is a decision, to be made here. */
const packages = [
  ...['ssh2', 'asn1', 'bcrypt-pbkdf', 'safer-buffer', 'tweetnacl'],
  ...['ink', '@alcalzone/ansi-tokenize', 'ansi-escapes', 'ansi-regex', 'ansi-styles', 'auto-bind', 'chalk'],
  ...['cli-boxes', 'cli-cursor', 'cli-truncate', 'code-excerpt', 'convert-to-spaces', 'environment'],
  ...[
    'es-toolkit',
    'escape-string-regexp',
    'get-east-asian-width',
    'indent-string',
    'is-fullwidth-code-point',
  ],
  ...['is-in-ci', 'mimic-fn', 'onetime', 'patch-console', 'react-reconciler', 'restore-cursor', 'scheduler'],
  ...['signal-exit', 'slice-ansi', 'stack-utils', 'strip-ansi', 'terminal-size', 'widest-line', 'wrap-ansi'],
  ...['ws', 'yoga-layout', 'react', 'yargs-parser', 'zod'],
];
/** Free for any use that keeps the notice; nothing that binds what it is bundled with. */
const licences = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', 'Unlicense'];

interface Metafile {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<
    Record<string, { readonly imports: readonly { readonly path: string; readonly external?: boolean }[] }>
  >;
}

function metafileOf(bundle: string): Metafile {
  const path = join(repository, 'dist', `${bundle}.json`);
  if (!existsSync(path)) throw new Error(`${path} is missing: npm run build`);
  return JSON.parse(readFileSync(path, 'utf8')) as Metafile;
}

function foldersOf(bundle: string): readonly string[] {
  const found = Object.keys(metafileOf(bundle).inputs).flatMap(
    (input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? [],
  );
  return [...new Set(found)];
}

function licenceOf(folder: string): string {
  const { license, licenses } = JSON.parse(
    readFileSync(join(repository, folder, 'package.json'), 'utf8'),
  ) as {
    readonly license?: string;
    readonly licenses?: readonly { readonly type: string }[];
  };
  return license ?? licenses?.map(({ type }) => type).join(' OR ') ?? 'none';
}

describe.each(['moskit.mjs', 'tools.cjs', 'screen.cjs'])('dist/%s', (bundle) => {
  it('imports modules of Node.js and nothing else', () => {
    const imports = Object.values(metafileOf(bundle).outputs).flatMap((output) => output.imports);
    expect(imports.length).toBeGreaterThan(0);
    expect(imports.map(({ path }) => path).filter((path) => !isBuiltin(path))).toEqual([]);
  });

  it('holds the listed packages only', () => {
    const names = foldersOf(bundle).map((folder) => folder.replace(/^.*node_modules\//, ''));
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !packages.includes(name))).toEqual([]);
  });

  it('holds nothing whose licence binds it, and every notice is in dist/LICENSES', () => {
    const notices = readFileSync(join(repository, 'dist/LICENSES'), 'utf8');
    for (const folder of foldersOf(bundle)) {
      expect([
        folder,
        licenceOf(folder)
          .split(' OR ')
          .some((one) => licences.includes(one)),
      ]).toEqual([folder, true]);
      const { name, version } = JSON.parse(
        readFileSync(join(repository, folder, 'package.json'), 'utf8'),
      ) as { readonly name: string; readonly version: string };
      expect(notices).toContain(`${name} ${version}\n\n`);
    }
  });
});

it('no listed package has gone from all of them', () => {
  const all = ['moskit.mjs', 'tools.cjs', 'screen.cjs']
    .flatMap(foldersOf)
    .map((folder) => folder.replace(/^.*node_modules\//, ''));
  expect(packages.filter((name) => !all.includes(name))).toEqual([]);
});
