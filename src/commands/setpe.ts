import { command } from './command.js';
export const setpe = command({ name: 'setpe', operands: '', count: [0, 0], describe: '', options: {}, run: () => Promise.resolve(0) });
