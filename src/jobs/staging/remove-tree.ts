/** Removes a folder with everything in it, also where the job left folders that may not be written to. */
export async function removeTree(path: string): Promise<void> {
  return Promise.reject(new Error(`not built yet: ${path}`));
}
