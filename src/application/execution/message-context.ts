import type { Actor } from '../../domain/index.ts';

/** Where a message comes from: what its events inherit. */
export interface MessageContext {
  /** Groups everything that one request set in motion. */
  readonly correlationId: string;
  /** The command or event being handled: the cause of what it sets in motion. */
  readonly causationId: string;
  readonly userId: string | undefined;
  readonly actor: Actor | undefined;
  /** In a reaction to an event: the id of a command with this content, the same in each delivery. */
  readonly reactionCommandId?: (fingerprint: string) => string;
}
