import { GraphiQL } from "graphiql";
import { useMemo, useState } from "react";

import { makeFetcher } from "./fetcher.js";
import { keepToken, keptToken } from "./token.js";

function said(token, refused) {
  if (refused) return token ? "The token is not valid here: paste another." : "This API wants a token: paste one.";
  return token ? "Requests carry the token." : "Requests carry no token.";
}

/** GraphiQL under a bar with a box for the token. A new token fetches the schema again: callers may see different ones. */
export function Explorer({ defaultQuery }) {
  const [token, setToken] = useState(keptToken);
  const [refused, setRefused] = useState(false);
  const fetcher = useMemo(() => makeFetcher(token, setRefused), [token]);

  function use(event) {
    event.preventDefault();
    setToken(keepToken(new FormData(event.currentTarget).get("token")));
  }

  return (
    <>
      <form className="token-bar" onSubmit={use}>
        <strong>Isthmus</strong>
        <label htmlFor="token">Bearer token</label>
        <input
          id="token"
          name="token"
          type="password"
          autoComplete="off"
          spellCheck="false"
          placeholder="paste a token, then Enter"
          defaultValue={token}
          onBlur={(event) => event.currentTarget.form.requestSubmit()}
        />
        <button type="submit">Use</button>
        <output className={refused ? "refused" : undefined}>{said(token, refused)}</output>
      </form>
      <div className="graph">
        <GraphiQL fetcher={fetcher} defaultQuery={defaultQuery}>
          <GraphiQL.Logo> </GraphiQL.Logo>
        </GraphiQL>
      </div>
    </>
  );
}
