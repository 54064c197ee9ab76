const ENDPOINT = "/graphql";

/** Sends operations as GraphQL over HTTP does; headers typed into GraphiQL come after the token and may replace it. */
export function makeFetcher(token) {
  return async (parameters, options) => {
    const headers = new Headers({
      accept: "application/graphql-response+json, application/json;q=0.9",
      "content-type": "application/json",
    });
    if (token) headers.set("authorization", `Bearer ${token}`);
    for (const [name, value] of Object.entries(options?.headers ?? {})) headers.set(name, value);
    const response = await fetch(ENDPOINT, { method: "POST", headers, body: JSON.stringify(parameters) });
    return await response.json();
  };
}
