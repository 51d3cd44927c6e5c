import { describe, expect, it } from 'vitest';
import { placeOf, type Place } from '../../../src/commands/omsh/place-of.js';

const command = (text: string, env: NodeJS.ProcessEnv = {}): Place => placeOf({ kind: 'command', text }, env);

describe('runs at home', () => {
  it.each([
    '',
    ':',
    'cd sub',
    '# nothing',
    'mkdir -p obj && touch obj/.stamp',
    'test -d obj || mkdir obj',
    'if [ -f x ]; then rm x; fi',
    'echo "a; cc b" > out',
    'cp a.h \\\n  include/',
    '/bin/rm -f *.o',
    'CFLAGS=-O2 echo $CFLAGS',
    'for f in gcc cc; do echo $f; done',
    'make -C sub',
    'cd sub && make all',
    'cc x.c && make install',
    'echo start; $(MAKE) -C sub; make -C other',
    'omsh -c "cc x.c"',
    'ar rcs lib.a x.o',
  ])('%j', (text) => {
    expect(command(text)).toEqual({ kind: 'home' });
  });

  it('whatever a person says so of', () => {
    expect(command('cc x.c', { MOSKIT_OMSH: 'home' })).toEqual({ kind: 'home' });
  });

  it('a shell that reads its commands from stdin', () => {
    expect(placeOf({ kind: 'stdin' }, {})).toEqual({ kind: 'home' });
  });
});

describe('runs on the best node', () => {
  it.each([
    'cc -O2 -c -o x.o x.c',
    'mkdir -p obj && cc -c x.c',
    'gcc -I/usr/include/foo -c x.c 2>/dev/null',
    'if [ -f x ]; then ./generate; fi',
    '/usr/bin/gcc -c sub/x.c',
    'mkdir-all x',
    "sh -c 'x'",
  ])('%j, wherever its folder can be carried', (text) => {
    expect(command(text)).toEqual({ kind: 'best', options: {} });
  });

  it.each([
    'cc -c ../x.c',
    'cc -I../include -c x.c',
    'cc -I /home/me/include -c x.c',
    'cc -I/home/me/include -c x.c',
    'cc --sysroot=/home/me/root -c x.c',
    '../tools/generate x',
    '/home/me/generate x',
    'cc -c x.c > ../log',
    'cd .. && cc -c x.c',
    'cc `cat flags` x.c',
    'cc $(cat flags) x.c',
    '$CC -c x.c',
    'eval "$x"',
    'cat <<END\n../x\nEND',
    'echo "unfinished',
  ])('%j, but only where the folder itself is', (text) => {
    expect(command(text)).toEqual({ kind: 'best', options: { 'carry-limit': '0' } });
  });

  it('a script, which travels with the folder that it is in', () => {
    expect(placeOf({ kind: 'script', path: 'build.sh' }, {})).toEqual({ kind: 'best', options: {} });
    expect(placeOf({ kind: 'script', path: '/home/me/build.sh' }, {})).toMatchObject({
      options: { 'carry-limit': '0' },
    });
  });
});
