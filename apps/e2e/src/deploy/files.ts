import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

const ROOT = resolve(import.meta.dirname, '../../../..');

/** The text of a file of the repository. */
export const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** A YAML file of the repository, anchors and merges resolved; the caller says what it holds. */
export const yamlOf = (path: string): unknown => parse(textOf(path), { merge: true });

/** Names of the files in a folder of the repository. */
export const filesIn = (path: string): readonly string[] => readdirSync(join(ROOT, path));

/** Is it there? */
export const isThere = (path: string): boolean => existsSync(join(ROOT, path));
