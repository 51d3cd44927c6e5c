import packageJson from '../package.json' with { type: 'json' };

export const version: string = packageJson.version;

/** Grows when two versions can no longer speak to each other. */
export const protocolVersion = 1;
