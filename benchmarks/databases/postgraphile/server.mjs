// PostGraphile 5 with its own defaults and its plugin for aggregates, over one schema of a database.
import { createServer } from "node:http";

import { PgAggregatesPreset } from "@graphile/pg-aggregates";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

const { BENCH_DATABASE_URL: connectionString, BENCH_SCHEMA: schema } = process.env;
const instance = postgraphile({
  extends: [PostGraphileAmberPreset, PgAggregatesPreset],
  pgServices: [makePgService({ connectionString, schemas: [schema] })],
  // A mutation of 1,000 rows is a longer text than it takes by default.
  grafserv: { graphqlPath: "/graphql", maxRequestLength: 10_000_000 },
});
const server = createServer();
await instance.createServ(grafserv).addTo(server);
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/graphql`));
