// Asks the gateway with the generated client, and prints what it was given as JSON.
import { GraphQLClient } from 'graphql-request';
import { getSdk } from './client.js';

const { GATEWAY_URL = '', GATEWAY_AUTHORIZATION = '' } = process.env;
const sdk = getSdk(new GraphQLClient(GATEWAY_URL, { headers: { Authorization: GATEWAY_AUTHORIZATION } }));

const joined = await sdk.JoinedOrders({ limit: 40 });
const shipped = await sdk.JoinedOrders({ limit: 5, status: 'shipped' });
const found = await sdk.FindProducts({
  where: { and: [{ weightKg: { gt: 0.5 } }, { name: { contains: 'a' } }], not: { discontinued: { eq: true } } },
  orderBy: [{ purchasePrice: 'DESC_NULLS_LAST' }, { sku: 'ASC' }],
});
const added = await sdk.AddCustomer({
  body: { lastName: 'Łukasiewicz', company: null, segment: 'wholesale', creditLimit: '1250.50', tags: ['new', 'ü'] },
});

// The compiler knows the types of the gateway: these lines hold, and each of those after them must be a mistake.
const numbers: string[] = (joined.orders ?? []).map((order) => order.number);
const amounts: (string | null | undefined)[] = (joined.orders ?? []).map((order) => order.invoice?.amount);
// @ts-expect-error a field that was not asked for
joined.orders?.[0]?.id;
// @ts-expect-error a customer may be absent
joined.orders?.[0]?.customer.displayName;
// @ts-expect-error not a value of the enum
const wrongStatus = () => sdk.JoinedOrders({ limit: 1, status: 'lost' });
// @ts-expect-error a required variable is absent
const noLimit = () => sdk.JoinedOrders({});
// @ts-expect-error an amount is a string, exact to its last digit
const inexact = () => sdk.AddCustomer({ body: { lastName: 'x', creditLimit: 1.5 } });

console.log(JSON.stringify({ joined, shipped, found, added, numbers, amounts }));
