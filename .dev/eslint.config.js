import tseslint from 'typescript-eslint';
import hooks from 'eslint-plugin-react-hooks';

/** Which folders of src/ a folder may import from. Imports point down only (docs/architecture.md). */
const mayImport = {
  core: [],
  protocol: ['core'],
  state: ['core'],
  transport: [],
  jobs: ['core'],
  ui: ['core'],
  cluster: ['core', 'protocol', 'state', 'transport'],
  daemon: ['core', 'protocol', 'state', 'jobs', 'cluster', 'transport'],
  commands: ['core', 'protocol', 'state', 'transport', 'jobs', 'ui', 'cluster'],
};
const folders = Object.keys(mayImport);
const importRules = folders.map((folder) => {
  const forbidden = folders.filter((other) => other !== folder && !mayImport[folder].includes(other));
  return {
    files: [`src/${folder}/**/*.{ts,tsx}`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            ...forbidden.map((other) => ({
              regex: `^(\\.\\./)+${other}/`,
              message: `${folder} must not import from ${other}`,
            })),
            ...(folder === 'core'
              ? [{ regex: '^(node:|fs$|os$|path$|child_process$)', message: 'core is pure: no Node API' }]
              : []),
          ],
        },
      ],
    },
  };
});

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '**/*.js', '**/*.mjs', '.dev/**', 'fixtures/programs/**'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: new URL('..', import.meta.url).pathname },
    },
    plugins: { 'react-hooks': hooks },
    rules: {
      ...hooks.configs.recommended.rules,
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-redundant-type-constituents': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-console': 'error',
    },
  },
  { files: ['test/**', 'fixtures/**'], rules: { 'no-console': 'off' } },
  ...importRules,
);
