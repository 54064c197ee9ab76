// What GraphQL Mesh composes for Hive Gateway: the REST source of the other competitors, and the same joins.
import { defineConfig } from '@graphql-mesh/compose-cli';
import { loadOpenAPISubgraph } from '@omnigraph/openapi';

export const composeConfig = defineConfig({
  subgraphs: [
    {
      sourceHandler: loadOpenAPISubgraph('shop', {
        source: '../shop.openapi.yaml',
        endpoint: process.env.BENCH_SHOP_URL,
      }),
    },
  ],
  additionalTypeDefs: /* GraphQL */ `
    extend type Order {
      user: User
        @resolveTo(
          sourceName: "shop"
          sourceTypeName: "Query"
          sourceFieldName: "users"
          requiredSelectionSet: "{ userId }"
          keyField: "userId"
          keysArg: "ids"
          valueKeyField: "id"
        )
      buyer: User
        @resolveTo(
          sourceName: "shop"
          sourceTypeName: "Query"
          sourceFieldName: "user"
          requiredSelectionSet: "{ userId }"
          sourceArgs: { id: "{root.userId}" }
        )
    }
  `,
});
