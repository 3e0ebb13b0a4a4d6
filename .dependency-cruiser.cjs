/**
 * The house is a column (src/README.md): an import goes to the own room or to a floor below, type-only imports included.
 */
const floors = [
  ['^src/(errors|content)\\.ts$'],
  ['src/notation', 'src/http', 'src/storage'],
  ['src/connector'],
  ['src/graph', 'src/connection', 'src/importers'],
  ['src/feed', 'src/outcome', 'src/things', 'src/research', 'src/transfers'],
  ['src/resolvers'],
  ['src/federation'],
  ['src/server', 'src/facades'],
  // One room of several files: they put the others together.
  [
    '^src/(gateway|gateway-feeds|generations|open-federation|create-callers|create-senders|create-server|open-vault|open-clock|open-log|own-sdl|import-connectors|configuration|check-configuration|replicas|key-rotation|without-absent)\\.ts$',
  ],
  ['src/main.ts', 'src/index.ts', 'src/cli', 'src/testing'],
];
const pattern = (room) =>
  room.startsWith('^') ? room : room.endsWith('.ts') ? `^${room.replace('.', '\\.')}$` : `^${room}/`;
const upward = floors.flatMap((rooms, floor) =>
  rooms
    .map((room) => ({
      name: `floor-${floor + 1}-${room.replace(/^\^?src\//, '')}`,
      comment: `${room} stands on floor ${floor + 1}: it may import its own room and the floors below.`,
      severity: 'error',
      from: { path: pattern(room) },
      to: {
        path: floors
          .flatMap((others, other) => (other >= floor ? others.filter((name) => name !== room) : []))
          .map(pattern)
          // The command, its commands and the public face share the top floor and call each other.
          .filter(() => floor < floors.length - 1),
        pathNot: [],
      },
    }))
    .filter((rule) => rule.to.path.length > 0),
);
/** One door per package: a major upgrade touches one file. */
const doors = {
  '@apollo/server': '^src/server/graphql-endpoint\\.ts$',
  '@as-integrations/fastify': '^src/server/graphql-endpoint\\.ts$',
  ws: '^src/(server/subscriptions/graphql-ws-endpoint|federation/socket-transport)\\.ts$',
  'graphql-ws': '^src/(server/subscriptions/graphql-ws-endpoint|federation/socket-transport)\\.ts$',
  '@graphql-tools/schema': '^src/resolvers/gateway-schema\\.ts$',
  '@graphql-hive/router-query-planner': '^src/federation/plan\\.ts$',
  '@graphql-tools/federation': '^src/federation/stitched-graph\\.ts$',
  dataloader: '^src/resolvers/loaders\\.ts$',
  'openid-client': '^src/connection/authorization\\.ts$',
  jose: '^src/connection/(json-web-token|authorization)\\.ts$',
  keyv: '^src/storage/cache\\.ts$',
  undici: '^src/http/send\\.ts$',
  libsql: '^src/storage/sqlite/libsql-driver\\.ts$',
  pg: '^src/storage/postgres/pg-driver\\.ts$',
  pino: '^src/(main|open-log)\\.ts$',
};
module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    ...upward,
    ...Object.entries(doors).map(([name, door]) => ({
      name: `one-door-${name}`,
      comment: `Only ${door} imports ${name}.`,
      severity: 'error',
      from: { path: '^src/', pathNot: door },
      to: { path: `node_modules/${name}/` },
    })),
    {
      name: 'a-connector-is-a-leaf',
      comment: 'A connector imports its own folder and src/connector/define.ts, nothing else.',
      severity: 'error',
      from: { path: '^connectors/([^/]+)/' },
      to: { pathNot: ['^connectors/$1/', '^src/connector/define\\.ts$'] },
    },
    {
      name: 'nothing-imports-a-connector',
      comment: 'Connectors are loaded from their folder, never imported by the house.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^connectors/' },
    },
    {
      name: 'no-elastic-licence',
      severity: 'error',
      from: {},
      to: { path: 'node_modules/@apollo/(gateway|composition)/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|src/server/explorer/.*\\.tsx)' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
