import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const pure = [
  'apps/*/src/**/domain/**/*.ts',
  'libs/kernel/src/**/*.ts',
  'libs/lending-math/src/**/*.ts',
];
const impureImports = ['@nestjs/*', 'typeorm', 'kafkajs', 'pino', 'rxjs', 'rxjs/*', 'node:*', 'pg'];

export default tseslint.config(
  {
    ignores: ['**/dist/**', '.nx/**', '.data/**', 'reports/**', '**/*.mjs', '**/*.cjs', 'tools/**'],
  },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { project: './tsconfig.json' } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { ignoreRestSiblings: true, varsIgnorePattern: '^_', argsIgnorePattern: '^_' },
      ],
      'no-empty': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Read settings through loadConfig.' },
      ],
      '@nx/enforce-module-boundaries': [
        'error',
        {
          allow: [],
          depConstraints: [
            { sourceTag: 'type:kernel', onlyDependOnLibsWithTags: ['type:kernel'] },
            { sourceTag: 'type:math', onlyDependOnLibsWithTags: ['type:kernel', 'type:math'] },
            {
              sourceTag: 'type:contracts',
              onlyDependOnLibsWithTags: ['type:kernel', 'type:contracts'],
            },
            {
              sourceTag: 'type:platform',
              onlyDependOnLibsWithTags: [
                'type:kernel',
                'type:contracts',
                'type:platform',
                'type:testing',
              ],
            },
            {
              sourceTag: 'type:kit',
              onlyDependOnLibsWithTags: [
                'type:kernel',
                'type:contracts',
                'type:platform',
                'type:kit',
                'type:testing',
              ],
            },
            {
              sourceTag: 'type:testing',
              onlyDependOnLibsWithTags: [
                'type:kernel',
                'type:contracts',
                'type:platform',
                'type:kit',
                'type:testing',
              ],
            },
            {
              sourceTag: 'type:app',
              onlyDependOnLibsWithTags: [
                'type:kernel',
                'type:math',
                'type:contracts',
                'type:platform',
                'type:kit',
                'type:testing',
              ],
            },
          ],
        },
      ],
    },
  },
  {
    // Where an environment comes in, whole, or is handed on to a process.
    files: [
      'apps/*/src/main.ts',
      'apps/standalone/src/{dead-letters,demo,init-cluster,migrate,postgres-server,tenant,supervisor}.ts',
      'apps/e2e/src/{launch,running-platform,chaos/main}.ts',
      'libs/messaging/src/test-kafka.ts',
      'libs/testing/src/{event-store-under-test,kafka,server-programs}.ts',
      'libs/service-kit/src/{boot,config/load-config}.ts',
      '**/*spec.ts',
    ],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: pure,
    ignores: ['**/*.spec.ts', '**/*.int-spec.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: impureImports }],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'Time comes in from outside.',
        },
        {
          selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
          message: 'Time comes in from outside.',
        },
        {
          selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
          message: 'Randomness comes in from outside.',
        },
      ],
    },
  },
  prettier,
);
