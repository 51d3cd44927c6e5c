import { defaultAdmin } from '../admin.js';
import { emptyMap } from '../map-empty.js';
import { adminEntries } from './admin-entries.js';
import type { HpcView } from './entry.js';
import { describeValues, formatValue } from './value.js';

/** The settings of a node with values, unit, default and meaning, as a table for docs/openmosix.md. */
export function settingsTable(): string {
  const { decay, config } = emptyMap();
  const nothing = { nodes: [], jobs: [], guests: [], procText: () => null };
  const fresh: HpcView = { admin: defaultAdmin, decay, config, version: '', ...nothing };
  const rows = adminEntries
    .filter(({ write, name }) => write !== undefined && name !== 'mospe')
    .map(({ name, value, help, read }) => {
      const standard = read ? formatValue(value, read(fresh, fresh)) : '';
      return `| \`${name}\` | ${describeValues(value)} | ${standard} | ${help} |`;
    });
  return ['| `admin/…` | values | default | |', '|---|---|---|---|', ...rows].join('\n');
}
