/**
 * Adds to package-lock.json the optional packages of other platforms that npm left out.
 *
 * npm writes an optional dependency into the lock only when the registry answers for it. Behind a
 * mirror that lacks some platforms' binaries the entry is dropped, and `npm ci` then refuses the lock
 * on every machine. Run this after each `npm install`: `node tools/complete-lock.mjs`.
 */
import { readFile, writeFile } from 'node:fs/promises';

const OS = ['darwin', 'linux', 'win32', 'freebsd', 'openbsd', 'android', 'openharmony', 'wasm32'];
const CPU = ['arm64', 'x64', 'ia32', 'arm', 'riscv64', 'ppc64', 's390x', 'loong64'];

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(await readFile(path, 'utf8'));
const { packages } = lock;

/** The value of `known` that the package's name speaks of, as npm's one-element list. */
const named = (name, known) => {
  const parts = name.split(/[-/]/);
  const found = known.find((value) => parts.includes(value));
  return found === undefined ? undefined : [found];
};

let added = 0;
for (const [parent, entry] of Object.entries(packages)) {
  if (parent === '') continue;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (packages[key] !== undefined || packages[`${parent}/${key}`] !== undefined) continue;
    if (!/^\d/.test(version)) continue;
    packages[key] = {
      version,
      cpu: named(name, CPU),
      ...(entry.dev === true && { dev: true }),
      license: entry.license,
      optional: true,
      os: named(name, OS),
    };
    added += 1;
  }
}
lock.packages = Object.fromEntries(
  Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
);
await writeFile(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added === 0 ? 'nothing was missing' : `${added} entries added`);
