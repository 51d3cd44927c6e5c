'use strict';
// Runs dist/NAME.cjs from V8's compiled form of it, if the build left one: compiling is a quarter of what a small command costs.
const { readFileSync } = require('node:fs');
const { pathToFileURL } = require('node:url');
const { Script } = require('node:vm');
const { join } = require('node:path');

const folder = join(__dirname, '..', 'dist');
/** NAME.cjs begins with a comment that holds the digest of what follows, and so does the cache that belongs to it. */
const digestLength = 32;

/** dist/NAME.cjs ready to run; `cache` is used where it fits the file and this Node.js. */
function compile(name, cache) {
  const path = join(folder, `${name}.cjs`);
  const text = readFileSync(path, 'utf8');
  const digest = text.slice(2, 2 + digestLength);
  const fits = cache !== undefined && cache.toString('latin1', 0, digestLength) === digest;
  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${text}\n})`, {
    filename: path,
    cachedData: fits ? cache.subarray(digestLength) : undefined,
  });
  return { script, digest, path, cachePath: cachePathOf(name) };
}

function cachePathOf(name) {
  return join(folder, `${name}.cache`);
}

function readCache(name) {
  try {
    return readFileSync(cachePathOf(name));
  } catch {
    return undefined; // Node.js then compiles as usual
  }
}

/** What the bundle does not do itself, it leaves to the whole program. */
function start(name) {
  const { script, path } = compile(name, readCache(name));
  const bundle = { exports: {} };
  script.runInThisContext()(bundle.exports, require, bundle, path, folder);
  if (bundle.exports.isForProgram) void import(pathToFileURL(join(folder, 'moskit.mjs')).href);
}

module.exports = { compile, start };
