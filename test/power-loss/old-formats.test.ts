import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../state/temp-folder.js';
import { formats } from './formats.js';

/** Files as versions of earlier wrote them. They stay for ever; a new form gets a new folder. */
test.each(['plain', 'sealed'])('every file of the form %s loads as what it was', async (form) => {
  const source = new URL(`../../fixtures/records/${form}`, import.meta.url).pathname;
  for (const format of formats.filter(({ file, name }) => file !== 'tree' && !name.includes('before'))) {
    const folder = await tempFolder();
    await cp(source, folder, { recursive: true });
    await rm(join(folder, 'hpc.json.durable'), { force: true });
    const loaded = await format.load(folder);
    if (format.file.endsWith('journal')) expect(JSON.parse(loaded ?? '')).toHaveLength(4);
    else if (format.name.startsWith('record of a job'))
      expect(JSON.parse(loaded ?? '')).toMatchObject({ job: '1-41' });
    else expect(format.accepts(loaded ?? 'damaged', 'cut'), format.name).toBe(true);
  }
});

test('a record of one form is never taken for one of the other', async () => {
  const folder = await tempFolder();
  await writeFile(join(folder, 'identity'), '{"crc":"00000000","value":"0123456789abcdef"}\n');
  const identity = formats.find(({ file }) => file === 'identity')!;
  expect(await identity.load(folder)).toBeNull();
});
