// The import rules of ARCHITECTURE.md. Each comment says where code that breaks the rule belongs instead.

const adapters = [
  'memory',
  'postgres',
  'pglite',
  'serialization',
  'system',
  'telemetry',
  'testing',
  'http',
  'di',
];
// An adapter that may import a sibling, and why.
const mayImport = {
  memory: ['system'], // its default clock and ids
  pglite: ['postgres'], // the same SQL over another client
  testing: ['memory', 'di', 'system', 'postgres', 'pglite', 'serialization'], // scenarios run the production wiring on every store
  di: adapters, // the composition root
};

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment:
        'The domain imports nothing but itself. Use cases belong in application/, drivers in infrastructure/.',
      from: { path: '^src/domain/' },
      to: { pathNot: '^src/domain/' },
    },
    {
      name: 'application-sees-domain-only',
      severity: 'error',
      comment:
        'A use case that needs a driver declares a port in application/ports and lets an adapter implement it.',
      from: { path: '^src/application/' },
      to: { pathNot: ['^src/(application|domain)/'], dependencyTypesNot: ['core'] },
    },
    {
      name: 'projections-see-application-and-domain',
      severity: 'error',
      comment: 'What the read side needs from a database is a port: application/ports/read-model-store.ts.',
      from: { path: '^src/projections/' },
      to: { pathNot: ['^src/(projections|application|domain)/'], dependencyTypesNot: ['core'] },
    },
    {
      name: 'nobody-inside-imports-adapters',
      severity: 'error',
      comment: 'Depend on the port in application/ports; infrastructure/di puts the adapter in.',
      from: { path: '^src/(domain|application|projections|index)' },
      to: { path: '^src/infrastructure/' },
    },
    ...adapters.map(adapter => ({
      name: `${adapter}-imports-no-sibling`,
      severity: 'error',
      comment: 'Adapters do not know each other. What two of them share belongs in application/.',
      from: { path: `^src/infrastructure/${adapter}/` },
      to: {
        path: '^src/infrastructure/',
        pathNot: `^src/infrastructure/(${[adapter, ...(mayImport[adapter] ?? [])].join('|')})/`,
      },
    })),
    {
      name: 'only-di-names-inversify',
      severity: 'error',
      comment: 'The container is the business of infrastructure/di alone.',
      from: { path: '^src/', pathNot: '^src/infrastructure/di/' },
      to: { path: 'node_modules/inversify/' },
    },
    {
      name: 'only-telemetry-names-opentelemetry',
      severity: 'error',
      comment: 'What Annals tells goes through the port application/ports/telemetry.ts.',
      from: { path: '^src/', pathNot: '^src/infrastructure/telemetry/' },
      to: { path: 'node_modules/@opentelemetry/' },
    },
    {
      name: 'only-serialization-names-class-transformer',
      severity: 'error',
      comment: 'How instances become JSON is decided in infrastructure/serialization.',
      from: { path: '^src/', pathNot: '^src/infrastructure/serialization/' },
      to: { path: 'node_modules/class-transformer/' },
    },
    {
      name: 'examples-use-the-public-api',
      severity: 'error',
      comment:
        'An example imports what a team can: "annals", "annals/di", "annals/testing". Export what is missing.',
      from: { path: '^examples/' },
      to: {
        path: '^src/',
        pathNot: '^src/(index|(domain|application|projections)/index|infrastructure/[a-z]+/index)\\.ts$',
      },
    },
    {
      name: 'benchmarks-use-the-public-api',
      severity: 'error',
      comment:
        'A benchmark measures what an application gets: it imports "annals" and its subpaths. Export what is missing.',
      from: { path: '^benchmarks/' },
      to: {
        path: '^src/',
        pathNot: '^src/(index|(domain|application|projections)/index|infrastructure/[a-z]+/index)\\.ts$',
      },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Move what both sides need into a file of its own.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'A file that nobody imports is dead: export it from its index.ts, or remove it.',
      from: { path: '^src/', orphan: true, pathNot: '\\.d\\.ts$' },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
    },
  },
};
