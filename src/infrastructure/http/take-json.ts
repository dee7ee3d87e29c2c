import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { invalidRequest } from './http-errors.ts';

/**
 * Takes JSON and nothing else: what a form of another site can send is refused before anybody reads it.
 *
 * Bytes that are no UTF-8 are refused; read as text, they would be stored as other characters than were meant.
 */
export function takeJson(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (!isUtf8(body)) return done(invalidRequest('body', 'is not valid UTF-8'));
    return parse(request, body.toString(), done);
  });
}
