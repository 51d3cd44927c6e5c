import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../fixtures/lab/lab.js';
import { bash, mayUseLab, startCluster } from './cluster.js';

const make = '/usr/bin/make';

/** Sixteen parts in two folders, each with the host it was made on; `all` needs every one of them at home. */
const makefile = `
parts := $(foreach i,1 2 3 4 5 6 7 8,one/p$i two/p$i)
all: $(parts)
	cat $(parts) >all
one/%: one-source
	mkdir -p one && python3 -c 'import sys; [hash(str(i)) for i in range(300000)]' && cat one-source >$@ && hostname >>$@
two/%: one-source
	@test -d two || mkdir two
	python3 -c 'import sys; [hash(str(i)) for i in range(300000)]' && sed s/x/y/ <one-source >$@ && hostname >>$@
`;

describe.runIf((await mayUseLab()) && existsSync(make))('make -j SHELL=omsh', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startCluster('omsh', 3, [40]);
    await lab.put(1, make, '/usr/local/bin/make', 0o755);
  });
  afterAll(() => lab.down());

  const build = async (folder: string): Promise<{ lines: string[]; stderr: string; code: number }> => {
    await lab.exec(1, `mkdir -p ${folder} && cd ${folder} && cat >Makefile && echo x >one-source`, {
      input: makefile,
    });
    const { stdout, stderr, code } = await bash(
      lab,
      `cd ${folder} && make -s -j 8 SHELL=omsh && cat all && ls one two`,
    );
    return { lines: stdout.trim().split('\n'), stderr, code };
  };

  it.each([
    ['that every node sees', '/shared/work'],
    ['that is carried for each job', '/root/work/project'],
  ])(
    'in a folder %s: all results are there, nothing is said, more than one node worked',
    async (_, folder) => {
      const { lines, stderr, code } = await build(folder);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const contents = lines.slice(0, 32);
      expect(contents.filter((line) => line === 'x')).toHaveLength(8);
      expect(contents.filter((line) => line === 'y')).toHaveLength(8);
      const hosts = new Set(contents.filter((line) => /^n\d$/.test(line)));
      expect(hosts.size).toBeGreaterThan(1);
      const listed = lines.slice(32).filter((line) => /^p\d$/.test(line));
      expect(listed).toHaveLength(16);
    },
  );

  it('a failing command fails the rule, with its own words and code', async () => {
    const { stderr, code } = await bash(
      lab,
      `printf 'x:\\n\\tgcc -c none.c\\n' >fails && make -s -f fails SHELL=omsh; c=$?; omsh -c 'gcc -c none.c; exit 7'; echo $c $? >&2`,
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/none\.c: No such file/);
    expect(stderr.trim().split('\n').at(-1)).toBe('2 7');
  });

  it('sh -c, a script, stdin and arguments are as with sh', async () => {
    const script = `printf 'echo "$0 $1"; exit 3\\n' >s.sh
omsh -c 'echo "$0 $1" && gcc --version >/dev/null' zero one
omsh s.sh one; echo $?
echo 'echo "$1"' | omsh -s one
omsh -c 'exit 4'; echo $?`;
    expect((await bash(lab, script)).stdout).toBe('zero one\ns.sh one\n3\none\n4\n');
  });
});
