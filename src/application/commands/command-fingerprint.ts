import { createHash } from 'node:crypto';
import { classOf } from '../../domain/class.ts';
import { canonicalJson } from '../events/canonical-json.ts';
import type { Command } from './command.ts';

/** Tells whether two commands under one id are the same: a hash of class name and fields. */
export function commandFingerprint(command: Command<unknown>): string {
  const content = `${classOf(command).name}:${canonicalJson(command)}`;
  return createHash('sha256').update(content).digest('hex');
}
