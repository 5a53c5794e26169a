import { resolve } from 'node:path';
import root from '../../jest.config.mjs';

const [{ transform, moduleNameMapper, extensionsToTreatAsEsm }] = root.projects;

/** Only the specs of what is mutated: they need nothing else of the library. */
export default {
  rootDir: resolve(import.meta.dirname, '../..'),
  transform,
  moduleNameMapper,
  extensionsToTreatAsEsm,
  testMatch: ['<rootDir>/libs/lending-math/src/{allocation,ratio}.spec.ts'],
};
