import { SignJWT } from 'jose';
import type { JWTPayload } from 'jose';
import type { TokenAccess } from 'annals/http';

export const secret = 'a secret of more than thirty-two bytes, for tests only';

export const tokenAccess: TokenAccess = { secret, issuer: 'https://issuer.example', audience: 'annals' };

/** A token as the issuer of the tests makes it. */
export async function tokenOf(sub: string, roles: unknown, claims: JWTPayload = {}): Promise<string> {
  const payload = {
    sub,
    roles,
    iss: tokenAccess.issuer,
    aud: tokenAccess.audience,
    exp: inAnHour(),
    ...claims,
  };
  return new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret));
}

export function inAnHour(): number {
  return Math.floor(Date.now() / 1000) + 3_600;
}
