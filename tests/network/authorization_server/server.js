// An authorization server that others wrote: oidc-provider over TLS, which asks for certificates of its clients. Its metadata
// and keys are for everybody; with the resource isthmus its access tokens are JWTs (RFC 9068), and opaque otherwise.
import fs from 'node:fs';
import https from 'node:https';
import Provider from 'oidc-provider';

const [key, cert, ca, resource] = process.argv.slice(2);
const common = { grant_types: ['client_credentials'], response_types: [], redirect_uris: [], scope: 'orders:read' };
const server = https.createServer({
  key: fs.readFileSync(key), cert: fs.readFileSync(cert), ca: fs.readFileSync(ca),
  requestCert: true, rejectUnauthorized: false,
});
server.listen(0, '127.0.0.1', () => {
  const origin = `https://127.0.0.1:${server.address().port}`;
  const provider = new Provider(origin, {
    clients: [
      { ...common, client_id: 'by:basic', client_secret: 'secret +/1%', token_endpoint_auth_method: 'client_secret_basic' },
      { ...common, client_id: 'by-post', client_secret: 'secret-2', token_endpoint_auth_method: 'client_secret_post' },
      { ...common, client_id: 'by-cert', token_endpoint_auth_method: 'tls_client_auth',
        tls_client_auth_subject_dn: 'CN=gateway' },
    ],
    scopes: ['orders:read', 'orders:write'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'tls_client_auth'],
    ttl: { ClientCredentials: 600 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: 'orders:read', audience: 'isthmus', accessTokenTTL: 600, accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
      mTLS: {
        enabled: true, tlsClientAuth: true,
        getCertificate: (ctx) => ctx.socket.getPeerX509Certificate(),
        certificateAuthorized: (ctx) => ctx.socket.authorized,
        certificateSubjectMatches: (ctx, property, expected) =>
          property === 'tls_client_auth_subject_dn' && ctx.socket.getPeerX509Certificate().subject === expected,
      },
    },
  });
  const answer = provider.callback();
  server.on('request', (request, response) => {
    const open = request.url === '/jwks' || request.url.startsWith('/.well-known/');
    if (open || request.socket.authorized) answer(request, response);
    else request.socket.destroy();
  });
  console.log(origin);
});
