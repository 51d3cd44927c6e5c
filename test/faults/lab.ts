import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { equip } from '../../fixtures/lab/equip.js';
import { startLab, type Lab } from '../../fixtures/lab/lab.js';

/** Three nodes with the program whose steps can be made to fail. `repository`: where dist/ is. */
export async function startFaultLab(repository: URL, name: string): Promise<Lab> {
  const lab = await startLab({ nodes: 3, name });
  try {
    await equip(lab, { program: fileURLToPath(new URL('dist/moskit-with-faults.mjs', repository)) });
    // A peer that is silent is given up after seconds instead of most of a minute.
    await lab.exec(1, 'echo "ServerAliveInterval 2" >>/root/.ssh/config && chmod 600 /root/.ssh/config');
    await lab.exec(1, ['moskit', 'stop']);
    for (const { n } of lab.nodes)
      while ((await lab.exec(1, ['mosctl', 'isup', String(n)])).code !== 0) await delay(200);
    return lab;
  } catch (error) {
    await lab.down();
    throw error;
  }
}
