import type { FastifyRequest } from 'fastify';
import type * as JoseModule from 'jose';
import type { JWTPayload, JWTVerifyOptions } from 'jose';
import { Forbidden, KeysUnavailable, Unauthenticated } from '../http-errors.ts';
import type { TokenAccess } from '../http-options.ts';
import { loadPackage } from '../load-package.ts';
import { bestRole, includesRole } from './identity.ts';
import type { Authenticate, Identity } from './identity.ts';

type Jose = Pick<typeof JoseModule, 'jwtVerify' | 'createRemoteJWKSet'>;
type Verify = (token: string) => Promise<JWTPayload>;

const defaultClockSkewSeconds = 30;
// As long as a user id of an event may be, beside what is put before it in `created_by`.
const longestUserId = 200;

// Of jose: what can be wrong with a token. Anything else is wrong with the keys, or with the way to them.
const reasonsOfTokens: ReadonlySet<unknown> = new Set([
  ...['ERR_JWT_EXPIRED', 'ERR_JWT_CLAIM_VALIDATION_FAILED', 'ERR_JWT_INVALID', 'ERR_JWS_INVALID'],
  ...['ERR_JWS_SIGNATURE_VERIFICATION_FAILED', 'ERR_JOSE_ALG_NOT_ALLOWED', 'ERR_JOSE_NOT_SUPPORTED'],
  ...['ERR_JWKS_NO_MATCHING_KEY', 'ERR_JWKS_MULTIPLE_MATCHING_KEYS'],
]);

/** Takes requests with a bearer token that is signed by a key and algorithm of ours, and by no other. */
export async function tokenAuthentication(access: TokenAccess): Promise<Authenticate> {
  const jose = await loadPackage('jose', () => import('jose'));
  const verify = verifier(jose, access);
  return async request => {
    const payload = await verified(verify, readToken(request));
    return identityFrom(payload, access);
  };
}

function verifier(jose: Jose, access: TokenAccess): Verify {
  const { issuer, audience, clockSkewSeconds = defaultClockSkewSeconds } = access;
  const rules = { issuer, audience, clockTolerance: clockSkewSeconds, requiredClaims: ['exp', 'sub'] };
  // Each kind of key has its own algorithms, so that a public key is never taken for a shared secret.
  if ('secret' in access) {
    const key = new TextEncoder().encode(access.secret);
    const options: JWTVerifyOptions = { ...rules, algorithms: ['HS256'] };
    return async token => (await jose.jwtVerify(token, key, options)).payload;
  }
  const keys = jose.createRemoteJWKSet(new URL(access.jwksUrl));
  const options: JWTVerifyOptions = { ...rules, algorithms: ['RS256', 'ES256'] };
  return async token => (await jose.jwtVerify(token, keys, options)).payload;
}

function readToken(request: FastifyRequest): string {
  const token = /^Bearer ([\w.~+/-]+=*)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) throw new Unauthenticated('Send a token: "Authorization: Bearer …".');
  return token;
}

async function verified(verify: Verify, token: string): Promise<JWTPayload> {
  try {
    return await verify(token);
  } catch (error) {
    if (!reasonsOfTokens.has((error as { readonly code?: unknown }).code)) {
      throw new KeysUnavailable('Tokens cannot be checked now. Try again.', { cause: error });
    }
    // Why exactly is told to nobody: it would help only who forges tokens.
    throw new Unauthenticated('The token is not valid here, or not any more. Get a new one.', {
      cause: error,
    });
  }
}

function identityFrom(payload: JWTPayload, access: TokenAccess): Identity {
  const { sub = '', exp = 0 } = payload;
  if (sub.trim() === '' || sub.length > longestUserId) {
    throw new Unauthenticated(`The token names no user, or one of more than ${longestUserId} characters.`);
  }
  const role = bestRole(rolesIn(payload[access.rolesClaim ?? 'roles']));
  if (role === undefined) throw new Forbidden('The token gives none of the roles that are known here.');
  return {
    userId: sub,
    role,
    seesAll: includesRole(role, access.seesAllFrom ?? 'operator'),
    // As long as it is taken for requests.
    expiresAtMs: (exp + (access.clockSkewSeconds ?? defaultClockSkewSeconds)) * 1000,
  };
}

function rolesIn(claim: unknown): readonly string[] {
  if (typeof claim === 'string') return claim.split(' ');
  return Array.isArray(claim) ? claim.filter(role => typeof role === 'string') : [];
}
