/** The page lies where its graph is asked. */
const ENDPOINT = window.location.pathname;

/**
 * Sends operations as GraphQL over HTTP does; headers typed into GraphiQL come after the token and may replace it.
 * `told` hears of each answer whether it was refused for want of a valid token.
 */
export function makeFetcher(token, told) {
  return async (parameters, options) => {
    const headers = new Headers({
      accept: "application/graphql-response+json, application/json;q=0.9",
      "content-type": "application/json",
    });
    if (token) headers.set("authorization", `Bearer ${token}`);
    for (const [name, value] of Object.entries(options?.headers ?? {})) headers.set(name, value);
    const response = await fetch(ENDPOINT, { method: "POST", headers, body: JSON.stringify(parameters) });
    told(response.status === 401);
    return await response.json();
  };
}
