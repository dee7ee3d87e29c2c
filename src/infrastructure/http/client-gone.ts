import type { FastifyReply } from 'fastify';
import { AnnalsError } from '../../domain/index.ts';

/** Who sent a request did not wait for the answer; a command that was not yet stored was given up. */
export class ClientGone extends AnnalsError {
  readonly code = 'client-gone';
}

/** Aborted when the client of a request goes away before it is answered. */
export function untilGone({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort(new ClientGone('The client did not wait for the answer.'));
  });
  return gone.signal;
}
