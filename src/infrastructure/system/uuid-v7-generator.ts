import { v7 } from 'uuid';
import type { IdGenerator } from '../../application/ports/id-generator.ts';

/** Time-ordered uuids, which keep the index on event ids fast at any size. */
export const uuidV7Generator: IdGenerator = { next: () => v7() };
