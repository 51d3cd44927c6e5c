import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { settingsTable } from '../../../src/core/hpc/document.js';

/** Columns may be set as wide as they are. */
const plain = (text: string): string => text.replace(/ *\| */g, '|').replace(/-{3,}/g, '---');

test('docs/openmosix.md has every setting with its values, default and meaning', () => {
  const text = readFileSync(new URL('../../../docs/openmosix.md', import.meta.url), 'utf8');
  expect(plain(text)).toContain(plain(settingsTable()));
});
