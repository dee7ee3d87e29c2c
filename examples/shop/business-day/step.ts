import type { Actor, Command } from 'annals';

/** Something that somebody does during the day. */
export interface Step {
  readonly at: Date;
  readonly by: Actor;
  readonly command: Command<unknown>;
}

/** What the shop's own people do is signed with this. */
export const clerk: Actor = 'user:clerk';
