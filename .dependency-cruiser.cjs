/** Inside the projects: no cycles; the edge reaches the core, never the other way. */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'projection-never-reaches-handler',
      severity: 'error',
      from: { path: '\\.projection\\.ts$' },
      to: { path: '\\.handler\\.ts$' },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      from: { path: '/domain/', pathNot: 'spec\\.ts$' },
      to: { path: '(\\.controller|\\.handler|\\.consumer|\\.entity|/adapters/)' },
    },
    {
      name: 'apps-never-import-apps',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
  },
};
