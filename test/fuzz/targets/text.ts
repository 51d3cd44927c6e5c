import { formatPacket, parsePacket } from '../../../src/core/discovery-packet.js';
import { formatEvent, parseHistoryLine } from '../../../src/core/history.js';
import { parseClassicMap, formatClassicMap } from '../../../src/core/classic-map.js';
import { emptyMap } from '../../../src/core/map-empty.js';
import { parseConfig, parseMapText } from '../../../src/core/map-schema.js';
import { parseAddress } from '../../../src/core/map-address.js';
import { parseMoveStep } from '../../../src/core/relocation.js';
import { MoskitError } from '../../../src/errors.js';
import { reasonInLog } from '../../../src/jobs/criu-log.js';
import { exitOf } from '../../../src/jobs/job-exit.js';
import { parseRequirements } from '../../../src/jobs/parse-requirements.js';
import { compilePatterns } from '../../../src/jobs/staging/glob.js';
import { packManifest, parseManifest, type Manifest } from '../../../src/jobs/staging/manifest.js';
import { parseHeader } from '../../../src/jobs/staging/wire.js';
import { parseExit } from '../../../src/protocol/io-control.js';
import { formatLine, readLines } from '../../../src/state/journal-lines.js';
import { formatSealed, parseSealed } from '../../../src/state/sealed-json.js';
import { judgeHostKey, parseKnownKeys } from '../../../src/transport/known-keys.js';
import { cleanText } from '../../../src/transport/remote-text.js';
import { parseJump, parseSshSettings } from '../../../src/transport/ssh-config-parse.js';
import { corpus, fixture, fixturesIn } from '../corpus.js';
import type { Target } from '../engine.js';
import { aManifest, aRequirement, moveSteps } from '../samples.js';
import { jsonOf, must, mustBeSame, texts } from './expect.js';

const steps = Buffer.from(moveSteps.map(formatLine).join(''));

/** Parsers of text that touch nothing. */
export const textTargets: readonly Target[] = [
  {
    name: 'map',
    share: 6,
    samples: [...fixturesIn('maps').slice(1), ...texts(JSON.stringify(emptyMap())), ...corpus('map')],
    run: (input) => {
      const answer = parseMapText(input.toString('utf8'));
      if (!answer.ok) {
        must(answer.problems.length > 0, 'refused without a reason');
        return;
      }
      const again = parseMapText(JSON.stringify(answer.map));
      must(again.ok, 'does not read what it read');
      if (again.ok) mustBeSame(again.map, answer.map);
    },
  },
  {
    name: 'map-config',
    share: 4,
    samples: [Buffer.from(JSON.stringify(configIn('maps/format-1.json'))), ...corpus('map-config')],
    run: (input) => void parseConfig(jsonOf(input)),
  },
  {
    name: 'classic-map',
    share: 8,
    samples: [fixture('maps/classic-manual.map'), ...corpus('classic-map')],
    run: (input) => {
      const answer = parseClassicMap(input.toString('utf8'));
      if (!answer.ok) {
        must(answer.problems.length > 0, 'refused without a reason');
        return;
      }
      const again = parseClassicMap(formatClassicMap(answer.config));
      must(again.ok, 'does not read what it wrote');
      if (again.ok) mustBeSame(again.config.entries.map(coreOf), answer.config.entries.map(coreOf));
    },
  },
  {
    name: 'address',
    share: 2,
    samples: texts('10.1.1.100', 'user@node-3.example', 'fe80::1%eth0', '::ffff:127.0.0.1'),
    run: (input) => {
      const text = input.toString('utf8');
      if (parseAddress(text)) must(!/^-|[\s\0;$`"'\\]/.test(text), 'takes what a shell or ssh would expand');
    },
  },
  {
    name: 'journal',
    share: 6,
    samples: [steps, ...corpus('journal')],
    run: (input) => {
      const { entries, goodBytes } = readLines(input, (entry) => void parseMoveStep(entry));
      must(goodBytes <= input.length && entries.length <= goodBytes, 'counts bytes that are not there');
    },
  },
  {
    name: 'move-step',
    share: 2,
    samples: [...moveSteps.map((step) => Buffer.from(JSON.stringify(step))), ...corpus('move-step')],
    run: (input) => expectingPlainErrors(() => parseMoveStep(jsonOf(input))),
  },
  {
    name: 'history',
    share: 3,
    samples: texts(
      '{"atMs":1763702674843,"event":"moved","job":"1-3","generation":2,"node":2,"to":1,"reason":"balance the load"}',
      '{"atMs":1,"event":"refused","reason":"node 2: \\u001b[31mno"}',
    ),
    run: (input) => {
      const event = parseHistoryLine(input.toString('utf8'));
      if (event) formatEvent(event);
    },
  },
  {
    name: 'sealed-record',
    share: 4,
    samples: [formatSealed({ format: 1, job: '1-7' }), formatSealed(17), '17', '{"a":1}'].map((text) =>
      Buffer.from(text),
    ),
    run: (input) => void parseSealed(input.toString('utf8')),
  },
  {
    name: 'manifest',
    share: 5,
    samples: [
      ...[aManifest, packManifest(aManifest)].map((manifest) => Buffer.from(JSON.stringify(manifest))),
      ...corpus('manifest'),
    ],
    run: (input) => checkManifest(parseManifest(jsonOf(input))),
  },
  {
    name: 'manifest-packed',
    share: 3,
    samples: [Buffer.from(packManifest(aManifest)), ...corpus('manifest-packed')],
    run: (input) => checkManifest(parseManifest(input.toString('latin1'))),
  },
  {
    name: 'archive-header',
    share: 4,
    samples: [
      ...texts('{"type":"file","path":"a/b","mode":420,"mtimeNs":"17","size":5,"offset":0}'),
      ...texts('{"type":"symlink","path":"l","mtimeNs":"-5","linkTarget":"../x"}'),
      ...texts('{"type":"end","entries":1,"bytes":5,"crc32":77}', '{"type":"abort","reason":"gone"}'),
      ...corpus('archive-header'),
    ],
    run: (input) => {
      const header = parseHeader(input);
      if ('mode' in header) must((header.mode & ~0o777) === 0, 'takes a setuid bit');
      if ('path' in header) checkPath(header.path);
    },
  },
  {
    name: 'requirements',
    share: 3,
    samples: [Buffer.from(JSON.stringify(aRequirement))],
    run: (input) => void parseRequirements(jsonOf(input)),
  },
  {
    name: 'exit-status',
    share: 2,
    samples: [
      ...texts('0\n', '143\nTerminated', '127\nsh: 1: nothing: not found', '-1\n'),
      ...corpus('exit-status'),
    ],
    run: (input) => {
      const [code = '', ...messages] = input.toString('utf8').split('\n');
      const exit = exitOf(Number(code), messages.join('\n'));
      mustBeSame(parseExit(exit), exit);
    },
  },
  {
    name: 'criu-log',
    share: 3,
    samples: [
      ...texts(
        "(00.023) Error (criu/sk-unix.c:861): Can't dump half of stream unix connection.\nDumping FAILED.",
      ),
      ...corpus('criu-log'),
    ],
    run: (input) => {
      const reason = reasonInLog(input.toString('utf8'));
      must(/^[\x20-\x7e]{0,500}$/.test(reason), 'shows what is unprintable, or too much');
    },
  },
  {
    name: 'glob',
    share: 4,
    samples: texts(
      '**/*.csv\na/b.csv\n.x\n',
      'results/*\nresults/a/b\n',
      'a?[b\\*]**/ü\naüb\n',
      '**/**/*a*a*a*b\naaa/aaa\n',
    ),
    run: (input) => {
      const [pattern = '', ...paths] = input.toString('utf8').split('\n');
      const selection = compilePatterns([pattern]);
      for (const path of paths.slice(0, 50)) {
        if (selection.includes(path)) must(selection.mayContain(''), 'includes what may not be contained');
        selection.mayContain(path);
      }
    },
  },
  {
    name: 'known-hosts',
    share: 2,
    samples: [
      ...texts(
        '# Host n2 found: line 3\nn2 ssh-ed25519 AAAAC3Nz\n@revoked n2 ssh-rsa AAAA\n@cert-authority * ssh-rsa AB\n',
      ),
      ...corpus('known-hosts'),
    ],
    run: (input) => {
      const text = input.toString('utf8');
      const shown = { type: 'ssh-ed25519', base64: 'AAAAC3Nz' };
      const verdict = judgeHostKey(parseKnownKeys(text, 'known_hosts'), shown);
      if (verdict.kind === 'known') must(text.includes(shown.base64), 'knows a key that is not there');
    },
  },
  {
    name: 'ssh-settings',
    share: 2,
    samples: [
      ...texts('hostname 10.0.0.2\nport 22\nuser me\nproxyjump a@b:22,[::1]:2200\nidentityfile ~/.ssh/id\n'),
      ...corpus('ssh-settings'),
    ],
    run: (input) => {
      const { proxyJump } = parseSshSettings(input.toString('utf8'));
      if (proxyJump !== null) parseJump(proxyJump);
    },
  },
  {
    name: 'discovery-packet',
    share: 4,
    samples: [
      ...texts(
        formatPacket({ id: '0123456789abcdef'.repeat(2), name: 'pc-1', node: 17, heard: ['f'.repeat(32)] }),
      ),
      ...corpus('discovery-packet'),
    ],
    run: (input) => {
      const answer = parsePacket(input);
      if (!answer.ok) {
        must(answer.problem !== '', 'refused without a reason');
        return;
      }
      must(/^[\w.-]{1,64}$/.test(answer.packet.name), 'takes a name that is none');
      const again = parsePacket(Buffer.from(formatPacket(answer.packet)));
      must(again.ok, 'does not read what it wrote');
      if (again.ok) mustBeSame(again.packet, answer.packet);
    },
  },
  {
    name: 'remote-text',
    share: 2,
    samples: texts('\u001b[31mPermission denied\u001b[0m (publickey).\r\n', '\u001b]0;title\u0007bash: no'),
    run: (input) => {
      const clean = cleanText(input.toString('utf8'));
      must(!/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/.test(clean), 'lets a control character through');
      must(clean.length <= 301, 'says too much');
    },
  },
];

function configIn(path: string): unknown {
  return (JSON.parse(fixture(path).toString('utf8')) as { readonly config: unknown }).config;
}

function coreOf({
  node,
  address,
  count,
  alias,
}: {
  node: number;
  address: string;
  count: number;
  alias?: boolean;
}) {
  return [node, address, count, alias ?? false];
}

function checkManifest(manifest: Manifest): void {
  for (const { path, mode } of manifest.entries) {
    checkPath(path);
    must((mode & ~0o777) === 0, 'takes a setuid bit');
  }
}

function checkPath(path: string): void {
  const bytes = Buffer.from(path, 'latin1').toString('latin1');
  must(
    !bytes.startsWith('/') && !bytes.split('/').includes('..') && !bytes.includes('\0'),
    'takes a path that leads out',
  );
}

/** Who reads a journal takes any Error for "no entry". */
function expectingPlainErrors(parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    if (error instanceof MoskitError || (error instanceof Error && error.constructor === Error)) return;
    throw error;
  }
}
