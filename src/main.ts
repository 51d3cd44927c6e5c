import { calledAs, entryOf, type CommandTable, type TableEntry } from './commands/command-table.js';
import { isLargeVerb } from './commands/large-verbs.js';
import { runMoskit } from './commands/moskit.js';
import { runCommand, runPlain } from './commands/run-command.js';
import { thinCommands } from './commands/thin-commands.js';

/** Everything in one file: what is copied to the nodes. Its heavy parts load only when they are wanted. */
const commands: CommandTable = {
  mosmon: {
    describe: 'watch the load of all nodes',
    start: async (argv) => (await import('./commands/mosmon.js')).runMosmon(argv),
  },
  mtop: {
    describe: 'watch, sort and steer the jobs',
    start: async (argv) => (await import('./commands/mtop.js')).runMtop(argv),
  },
  ...thinCommands,
  setpe: {
    describe: 'load, check or write out the map of the cluster',
    start: async (argv) => runCommand((await import('./commands/setpe.js')).setpe, argv),
  },
  showmap: {
    describe: 'print the map of the cluster',
    start: async (argv) => runCommand((await import('./commands/showmap.js')).showmap, argv),
  },
  mosdiscd: {
    describe: 'find machines on the local network',
    start: async (argv) => runCommand((await import('./commands/mosdiscd.js')).mosdiscd, argv),
  },
  omdiscd: {
    describe: 'the same, by its old name',
    start: async (argv) => runCommand((await import('./commands/mosdiscd.js')).mosdiscd, argv),
  },
  mosd: {
    describe: 'the daemon (started on demand)',
    start: async () => (await import('./daemon/main.js')).runDaemon(),
  },
  'node-facts': {
    describe: 'what this machine says of itself when it is examined (run over SSH)',
    start: async (argv) => runCommand((await import('./commands/node-facts.js')).nodeFacts, argv),
  },
  lapse: {
    describe: 'hold the guests whose lease is over (started by mosd)',
    start: async (argv) => (await import('./daemon/guest/lapse.js')).runLapse(argv),
  },
  bridge: {
    describe: 'join stdin and stdout to mosd (what ssh starts on a node)',
    start: async () => (await import('./daemon/bridge.js')).runBridge(),
  },
};

const largeVerb: TableEntry = {
  describe: 'a verb of mosctl that is no small one',
  start: async (verbArgv) => (await import('./commands/mosctl-large.js')).runLargeVerb(verbArgv),
};

const { name, argv } = calledAs(process.argv);
const entry = isLargeVerb(name, argv) ? largeVerb : entryOf(commands, name);
if (entry) await runPlain(name ?? '', () => entry.start(argv));
else runMoskit(name, commands);
