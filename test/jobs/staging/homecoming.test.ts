import { appendFile, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planBringHome, planCarryIn, type Homecoming } from '../../../src/jobs/staging/carry.js';
import { applyHomecoming, type HomecomingResult } from '../../../src/jobs/staging/homecoming.js';
import type { Manifest } from '../../../src/jobs/staging/manifest.js';
import { asOrdinaryUser, manifestOf, newFolder, sh, transfer } from './trees.js';

interface Trip {
  readonly home: string;
  readonly node: string;
  readonly staging: string;
  readonly carried: Manifest;
}

/** A working folder that was carried to a node. */
async function carry(script: string): Promise<Trip> {
  const home = await newFolder();
  const node = await newFolder();
  // what a test does within one tick of the clock would not show in the times
  sh(home, `${script}; find . ! -type l -newermt 2005-01-01 -exec touch -d 2020-01-01 {} +`);
  const plan = await planCarryIn(home, { patterns: null, limitBytes: 1e9 });
  if (plan.kind !== 'ok') throw new Error(plan.kind);
  await transfer({ root: home, entries: plan.entries, frozen: true }, { root: node });
  return { home, node, staging: await newFolder(), carried: plan.manifest };
}

/** What happens when the job has ended: planned at home, received into the staging folder. */
async function fetch(trip: Trip, out: readonly string[] | null = null): Promise<Homecoming> {
  const plan = planBringHome({ carried: trip.carried, now: await manifestOf(trip.node), out });
  await transfer({ root: trip.node, entries: plan.bring, frozen: true }, { root: trip.staging });
  return plan;
}

const apply = (trip: Trip, plan: Homecoming): Promise<HomecomingResult> =>
  applyHomecoming({ ...trip, plan, job: '1-17' });

async function bringHome(trip: Trip, out: readonly string[] | null = null): Promise<HomecomingResult> {
  return apply(trip, await fetch(trip, out));
}

const nothing: HomecomingResult = { brought: [], conflicts: [], deleted: [], failed: [] };
const content = (trip: Trip, path: string): Promise<string> => readFile(join(trip.home, path), 'utf8');

describe('a homecoming', () => {
  it('of two jobs of one folder, at once, loses nothing where both made the same folders', async () => {
    const one = await carry('echo 1 > kept');
    const node = await newFolder();
    await transfer({ root: one.home, entries: one.carried.entries, frozen: true }, { root: node });
    const two = { ...one, node, staging: await newFolder() };
    const names = Array.from({ length: 60 }, (_, i) => `d${i}`);
    sh(one.node, `for d in ${names.join(' ')}; do mkdir $d; echo one > $d/one; done`);
    sh(two.node, `for d in ${names.join(' ')}; do mkdir $d; echo two > $d/two; done`);
    const plans = [await fetch(one), await fetch(two)] as const;
    const results = await Promise.all([apply(one, plans[0]), apply(two, plans[1])]);
    for (const { conflicts, failed } of results)
      expect({ conflicts, failed }).toEqual({ conflicts: [], failed: [] });
    for (const name of names) expect(await readdir(join(one.home, name))).toEqual(['one', 'two']);
  });

  it('brings changed and new files, links and folders, and removes what the job removed', async () => {
    const trip = await carry(
      'mkdir d; echo 1 > d/same; echo 1 > d/changed; echo 1 > gone; ln -s a l; mkdir -p old/er',
    );
    sh(
      trip.node,
      'echo 22 > d/changed; mkdir -p new/er; echo n > new/er/f; rm -r gone old; ln -sfn b l; chmod 555 new',
    );
    const same = await stat(join(trip.home, 'd/same'));
    const result = await bringHome(trip);
    expect({ ...result, brought: [...result.brought].sort() }).toEqual({
      ...nothing,
      brought: ['d/changed', 'l', 'new', 'new/er', 'new/er/f'],
      deleted: ['old/er', 'old', 'gone'],
    });
    sh(trip.home, `diff -r --no-dereference . '${trip.node}'`);
    expect((await stat(join(trip.home, 'd/same'))).ctimeMs).toBe(same.ctimeMs);
    expect((await stat(join(trip.home, 'new'))).mode & 0o777).toBe(0o555);
  });

  it('brings a change of the mode or the time alone', async () => {
    const trip = await carry('echo 1 > run; echo 1 > touched');
    sh(trip.node, 'chmod 755 run; touch -d 2001-01-01 touched');
    expect((await bringHome(trip)).brought).toEqual(['run', 'touched']);
    expect(sh(trip.home, 'stat -c %a run; stat -c %Y touched')).toBe('755\n978307200\n');
  });

  it('never writes over what changed at home meanwhile', async () => {
    const trip = await carry('echo 1 > both; echo 1 > job; echo 1 > home');
    await writeFile(join(trip.node, 'both'), 'from the job');
    await writeFile(join(trip.node, 'job'), 'from the job');
    await writeFile(join(trip.home, 'both'), 'from home');
    await writeFile(join(trip.home, 'home'), 'from home');
    expect(await bringHome(trip)).toEqual({
      ...nothing,
      brought: ['job'],
      conflicts: [{ path: 'both', storedAs: 'both.moskit-1-17' }],
    });
    expect(await content(trip, 'both')).toBe('from home');
    expect(await content(trip, 'both.moskit-1-17')).toBe('from the job');
    expect(await content(trip, 'home')).toBe('from home');
  });

  it('sees a change at home that kept size and time', async () => {
    const trip = await carry('echo 1 > f; touch -d 2001-01-01 f');
    sh(trip.node, 'echo 2 > f');
    sh(trip.home, 'echo 3 > f; touch -d 2001-01-01 f');
    expect((await bringHome(trip)).conflicts).toEqual([{ path: 'f', storedAs: 'f.moskit-1-17' }]);
    expect(await content(trip, 'f')).toBe('3\n');
  });

  it.each([
    ['a file that home made meanwhile', 'true', 'echo job > f', 'echo home > f'],
    ['a file that home removed meanwhile', 'echo 1 > f', 'echo job > f', 'rm f'],
    ['a link that home made meanwhile', 'true', 'echo job > f', 'ln -s /etc/passwd f'],
    ['a folder that home made meanwhile', 'true', 'echo job > f', 'mkdir f'],
    ['a fifo that home made meanwhile', 'true', 'echo job > f', 'mkfifo f'],
  ])("stores the job's version beside %s", async (_what, before, atNode, atHome) => {
    const trip = await carry(before);
    sh(trip.node, atNode);
    sh(trip.home, atHome);
    const was = sh(trip.home, 'ls -ld f 2>&1 || true');
    expect((await bringHome(trip)).conflicts).toEqual([{ path: 'f', storedAs: 'f.moskit-1-17' }]);
    expect(sh(trip.home, 'ls -ld f 2>&1 || true')).toBe(was);
    expect(await content(trip, 'f.moskit-1-17')).toBe('job\n');
  });

  it('stores a whole folder beside a file that is in its way', async () => {
    const trip = await carry('true');
    sh(trip.node, 'mkdir -p r/s; echo 1 > r/s/f; echo 2 > r/g');
    await writeFile(join(trip.home, 'r'), 'in the way');
    const result = await bringHome(trip);
    expect(result.conflicts).toEqual([{ path: 'r', storedAs: 'r.moskit-1-17' }]);
    expect(result.failed).toEqual([]);
    sh(trip.home, `diff -r r.moskit-1-17 '${trip.node}/r'`);
    expect(await content(trip, 'r')).toBe('in the way');
  });

  it('does not remove what changed at home, nor a folder with something else in it', async () => {
    const trip = await carry('mkdir d e; echo 1 > d/f; echo 1 > e/f');
    sh(trip.node, 'rm -r d e');
    await appendFile(join(trip.home, 'd/f'), 'more');
    await writeFile(join(trip.home, 'e/other'), 'mine');
    const result = await bringHome(trip);
    expect(result).toEqual({ ...nothing, conflicts: [{ path: 'd/f', storedAs: null }], deleted: ['e/f'] });
    expect(await readdir(join(trip.home, 'e'))).toEqual(['other']);
  });

  it('needs no copy when both wrote the same', async () => {
    const trip = await carry('echo 1 > f');
    sh(trip.node, 'echo 2 > f');
    sh(trip.home, 'echo 2 > f');
    expect(await bringHome(trip)).toEqual({ ...nothing, brought: ['f'] });
    expect(await readdir(trip.home)).toEqual(['f']);
  });

  it('takes another name when the one beside is taken, also when names are as long as they can be', async () => {
    const long = 'n'.repeat(255);
    const trip = await carry(`echo 1 > f; echo 1 > ${long}`);
    sh(trip.node, `echo job > f; echo job > ${long}`);
    sh(trip.home, `echo home > f; echo home > ${long}; echo mine > f.moskit-1-17`);
    const { conflicts } = await bringHome(trip);
    expect(conflicts).toEqual([
      { path: 'f', storedAs: 'f.moskit-1-17.2' },
      { path: long, storedAs: `${'n'.repeat(243)}.moskit-1-17` },
    ]);
    expect(await content(trip, 'f.moskit-1-17')).toBe('mine\n');
    expect(await content(trip, 'f.moskit-1-17.2')).toBe('job\n');
  });

  it('follows no link that home put in place of a folder', async () => {
    const trip = await carry('mkdir d; echo 1 > d/f');
    const outside = await newFolder();
    await writeFile(join(outside, 'f'), 'safe');
    sh(trip.node, 'echo 2 > d/f; echo 2 > d/g');
    await rm(join(trip.home, 'd'), { recursive: true });
    await symlink(outside, join(trip.home, 'd'));
    const { conflicts, failed } = await bringHome(trip);
    expect(conflicts[0]).toEqual({ path: 'd', storedAs: 'd.moskit-1-17' });
    expect(failed).toEqual([]);
    expect(sh(outside, 'ls; cat f')).toBe('f\nsafe');
    sh(trip.home, `diff -r d.moskit-1-17 '${trip.node}/d'`);
  });

  it('replaces a file by a folder and a folder by a file', async () => {
    const trip = await carry('echo 1 > a; mkdir -p b/c; echo 1 > b/c/f');
    sh(trip.node, 'rm a; mkdir a; echo 2 > a/x; rm -r b; echo 2 > b');
    const result = await bringHome(trip);
    expect({ conflicts: result.conflicts, failed: result.failed }).toEqual({ conflicts: [], failed: [] });
    sh(trip.home, `diff -r . '${trip.node}'`);
  });

  it('keeps every byte of a name, and shows it readably', async () => {
    const trip = await carry('true');
    sh(trip.node, `echo x > "$(printf 'a\\nb')"; echo x > "$(printf 'c\\377')"; echo x > 'ü "q"'`);
    expect((await bringHome(trip)).brought).toEqual(['a\\x0ab', 'c\\xff', 'ü "q"']);
    sh(trip.home, `diff -r . '${trip.node}'`);
  });

  it('says what failed, and does the rest', async () => {
    const trip = await carry('mkdir locked; echo 1 > locked/f; echo 1 > g');
    sh(trip.node, 'echo 22 > locked/f; echo 22 > g');
    sh(trip.home, 'chmod 555 locked');
    const plan = await fetch(trip);
    // handing the files to another user changes their times, which is a change at home: a new trip sees them as they are
    const roots = [trip.home, trip.staging];
    const result = await asOrdinaryUser(roots, async () => {
      const carried = { ...trip.carried, entries: await ctimesOf(trip) };
      return applyHomecoming({ ...trip, carried, plan, job: '1-17' });
    });
    expect(result).toEqual({
      ...nothing,
      brought: ['g'],
      failed: [{ path: 'locked/f', reason: 'permission denied' }],
    });
  });

  async function ctimesOf(trip: Trip): Promise<Manifest['entries']> {
    const { entries } = await manifestOf(trip.home);
    return entries;
  }
});

describe('a homecoming that is done again', () => {
  async function start(): Promise<{ readonly trip: Trip; readonly plan: Homecoming }> {
    const trip = await carry(
      'mkdir -p d gone; echo 1 > d/f; echo 1 > both; echo 1 > gone/x; echo 1 > kind; mkdir dir; echo 1 > dir/y',
    );
    sh(
      trip.node,
      'echo 22 > d/f; echo job > both; rm -r gone kind dir; mkdir -m 500 kind; mkdir new; echo 2 > dir',
    );
    sh(trip.node, 'ln -s x l; mkdir in-the-way; echo 3 > in-the-way/f');
    sh(trip.home, 'echo home > both; echo home > in-the-way');
    return { trip, plan: await fetch(trip) };
  }
  const stateOf = (home: string): string => sh(home, 'find . -printf "%p %y %m %s %l\\n" | sort');

  it('gives the same result', async () => {
    const { trip, plan } = await start();
    const first = await apply(trip, plan);
    expect(first.failed).toEqual([]);
    const after = stateOf(trip.home);
    expect(after).not.toMatch(/\.part/);
    expect(await apply(trip, plan)).toEqual(first);
    expect(stateOf(trip.home)).toBe(after);
  });

  it('gives the same result after any number of its steps', async () => {
    const whole = await start();
    const expected = await apply(whole.trip, whole.plan);
    const { deletes, bring } = whole.plan;
    for (let steps = 0; steps <= deletes.length + bring.length; steps++) {
      const { trip, plan } = await start();
      const done = {
        ...plan,
        deletes: plan.deletes.slice(0, steps),
        bring: plan.bring.slice(0, Math.max(0, steps - deletes.length)),
      };
      await apply(trip, done);
      expect(await apply(trip, plan), `after ${steps} steps`).toEqual(expected);
      expect(stateOf(trip.home)).toBe(stateOf(whole.trip.home));
    }
  });

  it('finishes a folder that a killed attempt only began', async () => {
    const trip = await carry('true');
    sh(trip.node, 'mkdir new; echo x > new/f; chmod 551 new');
    const plan = await fetch(trip);
    sh(trip.home, 'mkdir -m 700 new');
    expect(await apply(trip, plan)).toEqual({ ...nothing, brought: ['new', 'new/f'] });
    expect((await stat(join(trip.home, 'new'))).mode & 0o777).toBe(0o551);
  });

  it('clears away the half of a file that a killed attempt left', async () => {
    const trip = await carry('echo 1 > f');
    sh(trip.node, 'echo 22 > f');
    const plan = await fetch(trip);
    // an attempt with nothing to install, then the same with the part of the one before in its way
    const { partNameFor } = await import('../../../src/jobs/staging/hidden-names.js');
    await writeFile(join(trip.home, partNameFor('1-17', 'f')), 'half');
    await apply(trip, plan);
    expect(await readdir(trip.home)).toEqual(['f']);
    expect(await content(trip, 'f')).toBe('22\n');
  });
});

it.runIf(process.getuid?.() === 0)('a homecoming works from one disk to another', async () => {
  const trip = await carry('echo 1 > f; mkdir d');
  sh(trip.node, 'echo 22 > f; chmod 751 f; touch -d 2001-01-01 f; ln -s x d/l');
  const disk = await newFolder();
  sh('/', `mount -t tmpfs none '${disk}'`);
  try {
    const there = { ...trip, staging: join(disk, 'staging') };
    await mkdir(there.staging);
    expect((await bringHome(there)).brought).toEqual(['f', 'd/l']);
    expect(sh(trip.home, 'stat -c %a,%Y f; cat f; readlink d/l')).toBe('751,978307200\n22\nx\n');
  } finally {
    sh('/', `umount '${disk}'`);
  }
});
