// Runs every server audit of graphql-http against the gateway and prints the results as JSON.
import { auditServer } from 'graphql-http';

const { GATEWAY_URL: url, GATEWAY_AUTHORIZATION: authorization } = process.env;
const fetchFn = (asked, options) => fetch(asked, { ...options, headers: { ...options?.headers, authorization } });
const results = await auditServer({ url, fetchFn });
console.log(JSON.stringify(results.map(({ id, name, status, reason }) => ({ id, name, status, reason }))));
