import { exportCluster, exportForms, type ExportForm } from '../../core/export/formats.js';
import { expandNodes } from '../../core/nodes.js';
import { UsageError } from '../../errors.js';
import { exitCodes } from '../../exit-codes.js';
import { command } from '../command.js';

export const exportCommand = command({
  name: 'mosctl export',
  operands: exportForms.join('|'),
  count: [1, 1],
  describe:
    'Print the cluster for another program: an Ansible inventory, an MPI hostfile with free slots, a login file of GNU parallel, ' +
    'a host list of pdsh, metrics for Prometheus, a backend of HAProxy weighted by speed and idleness.',
  options: {
    port: {
      type: 'number',
      argument: 'PORT',
      describe: 'for haproxy: port of the service on the nodes (80)',
    },
    backend: { type: 'string', argument: 'NAME', describe: 'for haproxy: name of the backend (moskit)' },
    json: { type: 'boolean', describe: 'print the text as one JSON value' },
  },
  run: async ({ options, operands: [form = ''] }, context) => {
    if (!isForm(form)) throw new UsageError(`'${form}' is none of ${exportForms.join(', ')}`);
    const { port = 80, backend = 'moskit' } = options;
    if (!Number.isInteger(port) || port < 1 || port > 65535)
      throw new UsageError('--port goes from 1 to 65535');
    if (!/^[A-Za-z0-9_.:-]{1,64}$/.test(backend))
      throw new UsageError(`'${backend}' is no name of a backend`, {
        hint: 'letters, digits and _ . : - only',
      });
    if (form !== 'haproxy' && (options.port !== undefined || options.backend !== undefined))
      throw new UsageError('--port and --backend belong to haproxy');
    const mosd = await context.mosd();
    const { config } = await mosd.request('map', {});
    const snapshot = await mosd.request('status', { fresh: true });
    const text = exportCluster(form, expandNodes(config), snapshot, { port, backend });
    if (options.json) context.printJson({ form, text });
    else context.print(text.trimEnd());
    return exitCodes.done;
  },
});

function isForm(text: string): text is ExportForm {
  return (exportForms as readonly string[]).includes(text);
}
