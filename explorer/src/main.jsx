import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./explorer.css";

import { createRoot } from "react-dom/client";

import { Explorer } from "./Explorer.jsx";

/** The query that the server suggests, or nothing where it suggests none: it is one of the whole graph, not of a view. */
async function suggestedQuery() {
  if (window.location.pathname !== "/graphql") return undefined;
  try {
    const response = await fetch("/explorer/default-query");
    return response.status === 200 ? await response.text() : undefined;
  } catch {
    return undefined;
  }
}

const defaultQuery = await suggestedQuery();
createRoot(document.getElementById("root")).render(<Explorer defaultQuery={defaultQuery} />);
