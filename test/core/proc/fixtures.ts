import { readFileSync } from 'node:fs';

const captured = new URL('../../../fixtures/proc/', import.meta.url);

/** Folder of a captured machine: give `proc` below it as procRoot and itself as cgroupRoot. */
export function hostFolder(host: string): string {
  return new URL(host, captured).pathname;
}

export function captureText(host: string, path: string): string {
  return readFileSync(`${hostFolder(host)}/${path}`, 'latin1');
}

export const virtualMachine = 'debian-12-cgroup1';
export const container = 'container-cgroup2';
