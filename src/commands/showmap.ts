import { command } from './command.js';
export const showmap = command({ name: 'showmap', operands: '', count: [0, 0], describe: '', options: {}, run: () => Promise.resolve(0) });
