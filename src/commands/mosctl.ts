import type { Command } from './command.js';
import { largeVerbs } from './large-verbs.js';
import { queryCommands } from './mosctl/queries.js';
import { jobs } from './mosctl/jobs.js';
import { log } from './mosctl/log.js';
import { rebalance } from './mosctl/rebalance.js';
import { bring, expel } from './mosctl/send-home.js';
import { get, tree } from './mosctl/get.js';
import { set } from './mosctl/set.js';
import { setcheckpoint, setspeed } from './mosctl/settings.js';
import { getdecay, setdecay } from './mosctl/decay.js';
import { gettune, getyard, setyard } from './mosctl/tune.js';
import { switchCommands } from './mosctl/switches.js';
import { whois } from './mosctl/whois.js';
import { print } from './output.js';
import { refuseCommandLine, runCommand } from './run-command.js';

const verbs: Readonly<Record<string, Command>> = {
  ...queryCommands,
  whois,
  get,
  set,
  tree,
  setspeed,
  getdecay,
  setdecay,
  gettune,
  getyard,
  setyard,
  setcheckpoint,
  ...switchCommands,
  bring,
  expel,
  rebalance,
  jobs,
  log,
};

/** Other spellings: the manual has getstatus for status, openMosix's own page -block for noblock. */
const spellings: Readonly<Record<string, string>> = {
  getstatus: 'status',
  '-block': 'noblock',
  '-stay': 'nostay',
  '-lstay': 'nolstay',
  '-quiet': 'noquiet',
  '-mfs': 'nomfs',
};

export async function runMosctl(argv: readonly string[]): Promise<void> {
  const [given, ...rest] = argv;
  const verb = given === undefined ? undefined : (spellings[given] ?? given);
  if (verb !== undefined && Object.hasOwn(verbs, verb)) return runCommand(verbs[verb]!, rest);
  if (verb === '--help' || verb === '-h' || verb === 'help') {
    print(overview());
  } else {
    refuseCommandLine(
      `mosctl: ${given === undefined ? 'no command given' : `no command '${given}'`}\n${overview()}`,
    );
  }
}

function overview(): string {
  const lines = Object.entries(verbs).map(([verb, { spec }]) => {
    const shown = `  ${verb} ${spec.operands}`;
    return `${shown.padEnd(32)} ${spec.describe.replace(/(\.$|[.:;,] .*| \(.*)/, '')}`;
  });
  const large = Object.entries(largeVerbs).map(
    ([verb, { operands, describe }]) => `${`  ${verb} ${operands}`.padEnd(32)} ${describe}`,
  );
  return [
    'usage: mosctl COMMAND [arguments]',
    '',
    ...lines,
    ...large,
    '',
    'mosctl COMMAND --help says more.',
  ].join('\n');
}
