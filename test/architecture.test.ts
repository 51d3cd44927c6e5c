import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const repository = dirname(dirname(fileURLToPath(import.meta.url)));
const src = join(repository, 'src');

/** docs/architecture.md, "Folders". */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  protocol: ['core'],
  state: ['core'],
  transport: [],
  jobs: ['core'],
  ui: ['core'],
  cluster: ['core', 'protocol', 'state', 'transport'],
  daemon: ['core', 'protocol', 'state', 'jobs', 'cluster', 'transport'],
  commands: ['core', 'protocol', 'state', 'transport', 'jobs', 'ui', 'cluster'],
};

interface Import {
  readonly file: string;
  readonly target: string;
  readonly isDynamic: boolean;
  readonly isType: boolean;
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));
const imports: readonly Import[] = files.flatMap(importsOf);

function importsOf(file: string): readonly Import[] {
  const found: Import[] = [];
  const text = readFileSync(join(src, file), 'utf8');
  const add = (specifier: ts.Node, isDynamic: boolean, isType: boolean): void => {
    if (ts.isStringLiteralLike(specifier))
      found.push({ file, target: targetOf(file, specifier.text), isDynamic, isType });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, false, isTypeOnly(node));
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier)
      add(node.moduleSpecifier, false, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, false, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      for (const argument of node.arguments) add(argument, true, false);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found;
}

function isTypeOnly({ importClause }: ts.ImportDeclaration): boolean {
  return importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

/** Of our own: the path below src/. Of others: the package's or module's name. */
function targetOf(file: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  const path = resolve(src, dirname(file), specifier).replace(/\.js$/, '');
  const ending = ['.ts', '.tsx', ''].find((candidate) => existsSync(path + candidate));
  return `./${relative(src, path)}${ending ?? '.missing'}`;
}

const folderOf = (path: string): string | null => /^([^/]+)\//.exec(path.replace(/^\.\//, ''))?.[1] ?? null;
const isOurs = (target: string): boolean => target.startsWith('./');
const shown = ({ file, target }: Import): string => `${file} imports ${target}`;

describe('imports', () => {
  it('are seen at all, each folder has its rule, and each points to a file', () => {
    expect(imports.length).toBeGreaterThan(300);
    const folders = readdirSync(src, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).sort()).toEqual(Object.keys(mayImport).sort());
    expect(imports.filter(({ target }) => target.endsWith('.missing')).map(shown)).toEqual([]);
  });

  it('point down only', () => {
    const wrong = imports.filter(({ file, target }) => {
      const [from, to] = [folderOf(file), isOurs(target) ? folderOf(target) : null];
      return from !== null && to !== null && from !== to && !mayImport[from]?.includes(to);
    });
    expect(wrong.map(shown)).toEqual([]);
  });

  it('of core are its own files alone: no Node API, no package', () => {
    const allowed = new Set(['./errors.ts', './exit-codes.ts', './version.ts']);
    const isAllowed = ({ target }: Import): boolean => allowed.has(target) || target.startsWith('./core/');
    const wrong = imports
      .filter(({ file }) => folderOf(file) === 'core')
      .filter((entry) => !isAllowed(entry));
    // The map's shapes are zod's, and zod is as pure as core.
    expect(wrong.filter(({ target }) => target !== 'zod').map(shown)).toEqual([]);
  });

  it('core asks neither the clock nor chance', () => {
    const asking = files
      .filter((file) => folderOf(file) === 'core')
      .filter((file) =>
        /Date\.now|new Date\(\)|Math\.random|performance\.now|\bprocess\.[a-z]/.test(
          readFileSync(join(src, file), 'utf8'),
        ),
      );
    expect(asking).toEqual([]);
  });

  it('the time of day, which anybody may set, is written down and never counts how long something takes', () => {
    // Each of these compares it with a time that was written down, before a restart or by a file system.
    const allowed = [
      'commands/doctor/ask-facts.ts', // how far two machines' clocks are apart
      'commands/mosctl/jobs.ts', // how old an image is
      'commands/mosctl/log.ts', // --since
      'daemon/home/tend.ts', // how old the last image is when mosd starts
      'jobs/staging/file-times.ts',
      'jobs/staging/list-tree.ts',
      'jobs/staging/same-folder.ts', // how old a file is
    ];
    const written =
      /\b(\w*[aA]tMs|sinceMs|nowMs)(: number)?(:| =) Date\.now(\(\))?[,;)} ]|createHistory\(.*, Date\.now\)/g;
    const others = files.filter((file) =>
      readFileSync(join(src, file), 'utf8').replace(written, '').includes('Date.now'),
    );
    // The plan of a pass bears the time at which it was made.
    expect(others.sort()).toEqual([...allowed, 'daemon/home/balancer.ts'].sort());
  });

  it('of ink, react, ssh2 and systeminformation are dynamic, or of types, outside of ui', () => {
    const heavy = /^(ink|react|ssh2|systeminformation)(\/|$)/;
    const eager = imports.filter(
      ({ target, isDynamic, isType }) => heavy.test(target) && !isDynamic && !isType,
    );
    expect(eager.filter(({ file }) => folderOf(file) !== 'ui').map(shown)).toEqual([]);
  });

  it('that a command needs to start reach none of the heavy packages', () => {
    const reached = closure(['main.ts']);
    expect(reached.has('./commands/run-command.ts')).toBe(true);
    const heavy = /^(zod|ink|react|ssh2|systeminformation)(\/|$)/;
    expect([...reached].filter((target) => heavy.test(target))).toEqual([]);
  });
});

/** Everything that is loaded with these files, before any import() of theirs. */
function closure(start: readonly string[]): ReadonlySet<string> {
  const reached = new Set<string>();
  const waiting = start.map((file) => `./${file}`);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    for (const { file, target, isDynamic, isType } of imports)
      if (`./${file}` === next && !isDynamic && !isType) waiting.push(target);
  }
  return reached;
}

describe('tracked files', () => {
  const tracked = execFileSync('git', ['ls-files', '-z'], {
    cwd: repository,
    encoding: 'utf8',
    maxBuffer: 1e8,
  })
    .split('\0')
    .filter((name) => name !== '' && existsSync(join(repository, name)));
  const containing = (pattern: RegExp): readonly string[] =>
    tracked.filter((name) => pattern.test(readFileSync(join(repository, name), 'latin1')));

  it('name no package registry', () => {
    // The brackets keep these patterns from finding themselves.
    expect(containing(/"[r]esolved":|registry[=]|registry\.(npmjs|yarnpkg)|npm[.]pkg/)).toEqual([]);
  });

  it('hold no notes of what is to be done', () => {
    expect(containing(/\b(TO[D]O|FIX[M]E)\b/)).toEqual([]);
  });
});
