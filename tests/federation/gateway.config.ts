import { createInlineSigningKeyProvider, defineConfig, extractFromHeader } from "@graphql-hive/gateway";

// The router asks what the subgraphs' schemas say of scopes, and tells the subgraphs who asks: they decide in the end.
export const gatewayConfig = defineConfig({
  propagateHeaders: {
    fromClientToSubgraphs: ({ request }) => ({ authorization: request.headers.get("authorization") ?? "" }),
  },
  jwt: {
    signingKeyProviders: [createInlineSigningKeyProvider(process.env.SECRET ?? "")],
    tokenLookupLocations: [extractFromHeader({ name: "authorization", prefix: "Bearer" })],
    tokenVerification: { algorithms: ["HS256"], issuer: "https://id/", audience: "isthmus" },
    reject: { missingToken: false, invalidToken: true },
  },
  genericAuth: {
    mode: "protect-granular",
    resolveUserFn: (context: any) => context.jwt?.payload,
    extractScopes: (user: any) => (user?.scope ?? "").split(" "),
  },
});
