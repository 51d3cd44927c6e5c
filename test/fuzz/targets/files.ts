import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { elfHeaderBytes, findBuildId, noteRanges, parseElfHeader } from '../../../src/core/elf.js';
import { imagesToKeep, isCheckpoint, sealedPrefix } from '../../../src/core/checkpoint.js';
import { parseMoveStep } from '../../../src/core/relocation.js';
import { parseLease } from '../../../src/daemon/guest/lease.js';
import { readExit } from '../../../src/jobs/job-exit.js';
import { fingerprintOf } from '../../../src/jobs/probe/fingerprint.js';
import { receiveTree } from '../../../src/jobs/staging/receive-tree.js';
import { checkProbe, removeProbe } from '../../../src/jobs/staging/same-folder.js';
import {
  chunkHeadBytes,
  chunkKinds,
  magic,
  parseChunkHead,
  parseHeader,
} from '../../../src/jobs/staging/wire.js';
import { parseExit } from '../../../src/protocol/io-control.js';
import { guestSchemas, parseShape } from '../../../src/protocol/schemas.js';
import { formatLine } from '../../../src/state/journal-lines.js';
import { openJournal } from '../../../src/state/journal.js';
import { loadJsonFile } from '../../../src/state/json-file.js';
import { formatSealed } from '../../../src/state/sealed-json.js';
import { archiveSamples, elfSamples } from '../file-samples.js';
import { anImage } from '../../image-fixture.js';
import { corpus } from '../corpus.js';
import type { Target } from '../engine.js';
import { requestSamples } from '../message-samples.js';
import { moveSteps } from '../samples.js';
import { openBox } from '../box.js';
import { jsonOf, must, mustBeSame, texts } from './expect.js';

export const fileTargetNames = [
  ...['archive', 'archive-sealed', 'folder-probe', 'elf', 'elf-file'],
  ...['exit-file', 'journal-file', 'record-file', 'image-record', 'lease'],
] as const;

/** Readers of files and of trees of files. Everything they may write is in `folder`. */
export async function fileTargets(folder: string): Promise<readonly Target[]> {
  const archive = archiveSamples();
  const box = await openBox(join(folder, 'box'));
  const receive = async (input: Buffer): Promise<void> => {
    await box.fill();
    try {
      const stream = Readable.from([input], { objectMode: false });
      await receiveTree({ root: box.root, input: stream, limitBytes: 1e6, limitEntries: 100 });
    } finally {
      await box.check();
    }
  };
  const scratch = async (name: string, input: Buffer): Promise<string> => {
    const path = join(folder, name);
    await rm(path, { recursive: true, force: true });
    await mkdir(path);
    await writeFile(join(path, name), input);
    return path;
  };
  const probes = requestSamples.filter(([name]) => name === 'folder.check').map(([, value]) => value);
  return [
    { name: 'archive', share: 2, samples: [...archive, ...corpus('archive')], run: receive },
    {
      name: 'archive-sealed',
      share: 3,
      samples: [...archive, ...corpus('archive-sealed')],
      run: (input) => receive(sealed(input)),
    },
    {
      name: 'folder-probe',
      share: 1,
      samples: probes.map((probe) => Buffer.from(JSON.stringify(probe).replace('/srv/jobs', box.root))),
      run: async (input) => {
        await box.fill();
        const { probe } = parseShape(guestSchemas['folder.check'], jsonOf(input), 'probe');
        must(!(await checkProbe(probe)).same || !probe.file, 'finds a secret that was never left');
        await removeProbe(probe);
        await box.check();
      },
    },
    {
      name: 'elf',
      share: 6,
      samples: [...elfSamples(), ...corpus('elf')],
      run: (input) => {
        const header = parseElfHeader(input.subarray(0, elfHeaderBytes));
        if (!header) return;
        const { offset, size } = header.programHeaders;
        must(size <= 1024 * 1024, 'believes in a table of absurd size');
        for (const range of noteRanges(input.subarray(offset, offset + size), header)) {
          findBuildId(input.subarray(range.offset, range.offset + range.size), header);
        }
      },
    },
    {
      name: 'elf-file',
      share: 1,
      samples: [...elfSamples(), ...corpus('elf')],
      run: async (input) => fingerprintOf(join(await scratch('program', input), 'program')),
    },
    {
      name: 'exit-file',
      share: 1,
      samples: texts('0\n', '143\n', '127\n', '-1\n'),
      run: async (input) => {
        const dir = await scratch('exit', input);
        const exit = await readExit({ dir, cwd: dir });
        if (exit) mustBeSame(parseExit(exit), exit);
      },
    },
    {
      name: 'journal-file',
      share: 1,
      samples: [Buffer.from(moveSteps.map(formatLine).join(''))],
      run: async (input) => {
        const path = join(await scratch('journal', input), 'journal');
        const { damage, entries } = await openJournal(path, parseMoveStep);
        const again = await openJournal(path, parseMoveStep);
        mustBeSame(again.entries, entries);
        must(damage === null || damage.torn === (again.damage === null), 'forgets its damage');
      },
    },
    {
      name: 'record-file',
      share: 1,
      samples: [Buffer.from(formatSealed({ format: 1 })), ...texts('17\n')],
      run: async (input) => {
        const loaded = await loadJsonFile(join(await scratch('record', input), 'record'));
        must(loaded.kind !== 'missing', 'loses a file');
      },
    },
    {
      name: 'image-record',
      share: 1,
      samples: [Buffer.from(JSON.stringify(anImage()))],
      run: (input) => {
        const value = jsonOf(input);
        if (!isCheckpoint(value)) return;
        // What the program does with one that it takes for good.
        must(new Date(value.atMs).toISOString() !== '', 'has no date');
        must(sealedPrefix(value, 'job').split('\n').length === 7, 'has a line too many in its MAC');
        mustBeSame([...imagesToKeep([value.sequence])], [value.sequence]);
      },
    },
    {
      name: 'lease',
      share: 1,
      samples: texts('123456\n', '0\n'),
      run: (input) => {
        const until = parseLease(input.toString('utf8'));
        must(until === null || (Number.isSafeInteger(until) && until >= 0), `lasts until ${until}`);
      },
    },
  ];
}

/** The same records with an end that fits them, so that what is behind the checksum is reached too. */
function sealed(input: Buffer): Buffer {
  let at = magic.length;
  let [entries, bytes] = [0, 0];
  try {
    while (at < input.length) {
      const end = input.indexOf(10, at);
      const header = parseHeader(input.subarray(at, end < 0 ? input.length : end));
      if (end < 0 || header.type === 'end' || header.type === 'abort') break;
      let next = end + 1;
      for (let kind = header.type === 'file' ? 0 : chunkKinds.end; kind !== chunkKinds.end;) {
        const chunk = parseChunkHead(input.subarray(next, next + chunkHeadBytes));
        kind = chunk.kind;
        next += chunkHeadBytes + (kind === chunkKinds.data ? chunk.length : 0);
        if (kind === chunkKinds.data) bytes += chunk.length;
      }
      if (next > input.length) break;
      entries += 1;
      at = next;
    }
  } catch {
    // the rest is left out
  }
  const body = Buffer.concat([Buffer.from(magic), input.subarray(magic.length, at)]);
  const end = { type: 'end', entries, bytes, crc32: crc32(body) };
  return Buffer.concat([body, Buffer.from(`${JSON.stringify(end)}\n`)]);
}
