// Writes docs/errors.md from the catalogue of error codes; with --check it says whether the file is up to date and
// whether every code of the catalogue is made somewhere. That no other code is made, the compiler says.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { ERROR_CODES } from '@daftari/kernel';
import { format, resolveConfig } from 'prettier';

const rows = Object.entries(ERROR_CODES).map(
  ([code, { status, meaning }]) => `| \`${code}\` | ${status} | ${meaning} |`,
);
const text = `# Error codes

Every refused request is answered with the envelope; \`metadata.code\` is one of these and never changes its meaning.
Branch on the code, not on the text. Clients that send \`Accept: application/problem+json\` get an RFC 9457 problem
document with the same code. The running gateway serves this list at \`/api/errors\`.
The codes of single fields (\`metadata.fields[].code\`, for example \`field/unknown\`) say which rule a value broke.

| Code | Status | Meaning |
| --- | --- | --- |
${rows.join('\n')}
`;
const file = new URL('../docs/errors.md', import.meta.url);
const formatted = await format(text, { ...(await resolveConfig(file)), parser: 'markdown' });
if (!process.argv.includes('--check')) writeFileSync(file, formatted);
else {
  const sources = ['apps', 'libs']
    .flatMap((top) => readdirSync(top, { recursive: true }).map((name) => `${top}/${name}`))
    .filter((name) => /^\w+\/[\w-]+\/src\/.*(?<!spec|error-codes)\.ts$/.test(name))
    .map((name) => readFileSync(name, 'utf8'))
    .join('\n');
  const isMade = (code) =>
    sources.includes(`'${code}'`) ||
    (code.endsWith('/not-found') && sources.includes(`'${code.slice(0, -'/not-found'.length)}'`));
  const dead = Object.keys(ERROR_CODES).filter((code) => !isMade(code));
  const problems = [
    ...(readFileSync(file, 'utf8') === formatted
      ? []
      : ['docs/errors.md is out of date: run `npm run docs:errors`']),
    ...dead.map((code) => `${code} is in the catalogue, but nothing makes it`),
  ];
  if (problems.length > 0) {
    process.stderr.write(`${problems.join('\n')}\n`);
    process.exit(1);
  }
}
