import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Admin } from '../../../src/core/cluster-map.js';
import { MoskitError } from '../../../src/errors.js';
import { pollUntil } from '../../poll-until.js';
import { startSoakNodes, type SoakNodes } from '../soak/soak-nodes.js';

export interface HammerOptions {
  readonly repository: string;
  /** How often fifty tools come at once. */
  readonly rounds: number;
}

export interface HammerResult {
  readonly tools: number;
  readonly changes: number;
  readonly kills: number;
  readonly wrong: readonly string[];
  readonly descriptors: { readonly before: number; readonly after: number };
}

const toolsAtOnce = 50;
const node = 1;
const commands: readonly (readonly string[])[] = [
  ['mosctl', 'getload', '1'],
  ['mosctl', 'status'],
  ['mosctl', 'whois', '2'],
  ['mps'],
  ['showmap'],
  ['mosctl', 'getdecay'],
  ['mosctl', 'setspeed', '10000'],
  ['mosctl', 'setdecay', '1', '975', '926'],
  ['setpe', '-r'],
  ['mosctl', 'nostay'],
];

/** What can be set to many values; each is changed by clients one after the other, all of them side by side. */
const settings = ['decayinterval', 'slowdecay', 'fastdecay', 'sspeed', 'speed', 'maxguests'] as const;
type Setting = (typeof settings)[number];
const changesOfEach = 17;

/** Many tools and many changes against one mosd. */
export async function hammer({ repository, rounds }: HammerOptions): Promise<HammerResult> {
  const nodes = await startSoakNodes(2, repository);
  try {
    await manyTools(nodes);
    const before = await openDescriptors(nodes);
    const wrong: string[] = [];
    for (let round = 0; round < rounds; round += 1) wrong.push(...(await manyTools(nodes)));
    wrong.push(...(await manyChanges(nodes, 0)));
    const isBack = async (): Promise<boolean> => (await openDescriptors(nodes)) <= before;
    await pollUntil(isBack).catch(() => wrong.push('descriptors stay open'));
    const after = await openDescriptors(nodes);
    const kills = 3;
    wrong.push(...(await manyChanges(nodes, kills)));
    const changes = 2 * settings.length * changesOfEach;
    return { tools: (rounds + 1) * toolsAtOnce, changes, kills, wrong, descriptors: { before, after } };
  } finally {
    await nodes.stop();
  }
}

async function openDescriptors(nodes: SoakNodes): Promise<number> {
  return (await readdir(`/proc/${await nodes.mosdPid(node)}/fd`)).length;
}

async function manyTools(nodes: SoakNodes): Promise<readonly string[]> {
  const wrong = await Promise.all(
    Array.from({ length: toolsAtOnce }, async (_, index) => {
      const [tool = '', ...args] = commands[index % commands.length]!;
      const [file = '', ...words] = [...nodes.tool(tool), ...args];
      const child = spawn(file, words, {
        env: nodes.cluster.node(node).env,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      const [code, said] = await Promise.all([ended, text(child.stderr)]);
      return code === 0 ? [] : [`${tool} ${args.join(' ')} ended with ${code ?? 'a signal'}: ${said.trim()}`];
    }),
  );
  return wrong.flat();
}

/** Every change that was answered is there from then on, also when mosd is killed in between. */
async function manyChanges(nodes: SoakNodes, kills: number): Promise<readonly string[]> {
  const wrong: string[] = [];
  const done: Partial<Record<Setting, number>> = {};
  let killed = 0;
  const change = async (setting: Setting, value: number): Promise<void> => {
    const atFirst = { ...done };
    const admin = await askUntilAnswered(nodes, { [setting]: value });
    done[setting] = value;
    for (const name of settings) {
      const known = name === setting ? value : (atFirst[name] ?? 0);
      if ((admin[name] ?? 0) < known) wrong.push(`${name} fell from ${known} to ${admin[name] ?? 'nothing'}`);
    }
  };
  const chain = async (setting: Setting, index: number): Promise<void> => {
    for (let number = 1; number <= changesOfEach; number += 1) {
      if (index === 0 && killed < kills && number % 5 === 0) {
        killed += 1;
        process.kill(await nodes.mosdPid(node), 'SIGKILL');
      }
      await change(setting, 100 * (kills > 0 ? 2 : 1) + number);
    }
  };
  // Their values grow: what an earlier round has set must be less.
  await Promise.all(settings.map(chain));
  const file = join(nodes.cluster.node(node).home, '.moskit', 'hpc.json');
  const { admin } = JSON.parse(await readFile(file, 'utf8')) as { readonly admin: Admin };
  for (const name of settings)
    if (admin[name] !== done[name])
      wrong.push(`${name} is ${String(admin[name])} in the file, not ${done[name] ?? 0}`);
  return wrong;
}

/** A client of its own for each try; one whose mosd was killed does not know, and asks again. */
async function askUntilAnswered(nodes: SoakNodes, admin: Partial<Admin>): Promise<Admin> {
  return pollUntil(async () => {
    try {
      return (await nodes.ask(node, (mosd) => mosd.request('setAdmin', { admin }))).admin;
    } catch (error) {
      if (error instanceof MoskitError) return null;
      throw error;
    }
  }, 60_000);
}
