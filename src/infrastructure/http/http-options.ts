import { AnnalsError } from '../../domain/index.ts';
import type { Class } from '../../domain/index.ts';
import type { Role } from './access/identity.ts';

/** Whose tokens are taken. Signed by a shared secret (HS256), or by keys that are looked up (RS256, ES256). */
export type TokenAccess = TokenRules & ({ readonly secret: string } | { readonly jwksUrl: string });

/** What every token must say. */
export interface TokenRules {
  /** `iss` of the tokens. */
  readonly issuer: string;
  /** `aud` of the tokens. */
  readonly audience: string;
  /** How far the clocks may be apart; default 30. */
  readonly clockSkewSeconds?: number | undefined;
  /** The claim that lists the roles; default `roles`. */
  readonly rolesClaim?: string | undefined;
  /** The least role that sees the events of all users; default `operator`. Others see their own. */
  readonly seesAllFrom?: Role | undefined;
}

/** What one client, and all together, may ask of a server. */
export interface HttpLimits {
  /** Bytes of a request's body; default 8 MiB. */
  readonly bodyBytes: number;
  /** Requests of one address in a minute; default 6,000, and any number without tokens. */
  readonly requestsPerMinute: number;
  /** How long a request may take to arrive, and again to be answered; default 30 s. */
  readonly requestTimeoutMs: number;
  /** Connections at a time; default 10,000. */
  readonly connections: number;
  /** Live streams at a time; default 1,000. */
  readonly liveStreams: number;
  /** Live streams of one user, or of one address without tokens; default 100. */
  readonly liveStreamsPerClient: number;
  /** How often a live stream says that it is there; default 15 s. */
  readonly heartBeatMs: number;
}

/** What has measurements to collect; `prometheus()` of "annals/telemetry" is one. */
export interface MetricsSource {
  /** All measurements, in the text format of Prometheus. */
  readonly metrics: () => Promise<string>;
}

/** The least role for what is not as open, or as closed, in every app. */
export interface LeastRoles {
  /** To append events, which no command checks; default `writer`. Consumers pull with that role, whatever this says. */
  readonly append?: Role | undefined;
  /** To dispatch a command, by its name in addresses; default `writer`. */
  readonly commands?: Readonly<Record<string, Role>> | undefined;
  /** To ask a query, by its name in addresses; default `reader`. */
  readonly queries?: Readonly<Record<string, Role>> | undefined;
}

/** How an app is served. */
export interface HttpOptions {
  /** Tokens; or `anonymous`: everybody on this machine may do everything, and nobody else is served. */
  readonly access: TokenAccess | 'anonymous';
  readonly limits?: Partial<HttpLimits> | undefined;
  /** Origins whose pages may ask, e.g. `https://shop.example`; default: none. */
  readonly corsOrigins?: readonly string[] | undefined;
  /** What `GET /metrics` tells operators; default: nothing, and nothing is served there. */
  readonly metrics?: MetricsSource | undefined;
  /** Whether the OpenAPI document is served at `/openapi.json`, and Swagger UI at `/docs`; default true. */
  readonly docs?: boolean | undefined;
  /** Commands and queries that are not served, e.g. those that only reactions send; default: all are. */
  readonly hidden?: readonly Class[] | undefined;
  /** Who may append, dispatch and ask what; default: every writer and every reader. */
  readonly leastRoles?: LeastRoles | undefined;
  /** Whether events can be followed over WebSockets, too; default false. Needs the package `ws`. */
  readonly webSockets?: boolean | undefined;
}

/** The HTTP face was given options that are unsafe or make no sense. */
export class InvalidHttpOptions extends AnnalsError {
  readonly code = 'invalid-http-options';
}

const defaultLimits: HttpLimits = {
  bodyBytes: 8 * 1024 * 1024,
  requestsPerMinute: 6_000,
  requestTimeoutMs: 30_000,
  connections: 10_000,
  liveStreams: 1_000,
  liveStreamsPerClient: 100,
  heartBeatMs: 15_000,
};
// A shorter secret of HS256 can be guessed offline from one token.
const leastSecretBytes = 32;

/** The limits, with their defaults. @throws {InvalidHttpOptions} one of them is no whole number from 1 */
export function limitsOf(options: HttpOptions): HttpLimits {
  const unlimited = options.access === 'anonymous' ? { requestsPerMinute: Number.MAX_SAFE_INTEGER } : {};
  const limits = { ...defaultLimits, ...unlimited, ...options.limits };
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new InvalidHttpOptions(`The limit "${name}" is ${String(value)}. Give a whole number from 1.`);
  }
  return limits;
}

/** Refuses tokens that anybody could make, or that would be taken from anybody. */
export function checkTokenAccess(access: TokenAccess): TokenAccess {
  for (const field of ['issuer', 'audience'] as const) {
    if (typeof access[field] === 'string' && access[field] !== '') continue;
    throw new InvalidHttpOptions(`The ${field} of the tokens is missing. Say whose tokens are taken.`);
  }
  if ('secret' in access === 'jwksUrl' in access) {
    throw new InvalidHttpOptions('Give a secret or a jwksUrl, and not both.');
  }
  if ('secret' in access) checkSecret(access.secret);
  else checkJwksUrl(access.jwksUrl);
  return access;
}

function checkSecret(secret: string): void {
  const bytes = Buffer.byteLength(secret);
  if (bytes >= leastSecretBytes) return;
  throw new InvalidHttpOptions(
    `The secret of the tokens has ${bytes} bytes, and ${leastSecretBytes} is the least. Make a longer random one.`,
  );
}

/* Whoever can answer for the keys can make tokens. */
function checkJwksUrl(jwksUrl: string): void {
  const url = URL.canParse(jwksUrl) ? new URL(jwksUrl) : undefined;
  if (url?.protocol === 'https:') return;
  if (url?.protocol === 'http:' && isLoopbackName(url.hostname)) return;
  throw new InvalidHttpOptions('The jwksUrl is no https:// address. Keys must not come over an open line.');
}

/** Whether a host name or address can only mean this machine. */
export function isLoopbackName(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return bare === 'localhost' || bare === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(bare);
}
