import { once } from 'node:events';
import type { App } from 'annals/di';
import { serveHttp } from 'annals/http';

/** Serves the shop to this machine until it is interrupted. */
export async function serveShop(shop: App, port: number, signal: AbortSignal): Promise<void> {
  await using server = await serveHttp(shop, { access: 'anonymous', port });
  console.log(whatToTry(server.url));
  if (!signal.aborted) await once(signal, 'abort');
}

function whatToTry(url: string): string {
  return `
The shop is open at ${url}: its events are at ${url}/api/v1/events. Ctrl-C closes it. Try this:

  curl ${url}/api/v1/commands/register-customer -H 'content-type: application/json' \\
    -d '{ "customerId": "ada", "name": "Ada", "email": "ada@example.org" }'
  curl '${url}/api/v1/queries/orders-of-customer?customerId=customer-17'
  curl ${url}/api/v1/projections`;
}
