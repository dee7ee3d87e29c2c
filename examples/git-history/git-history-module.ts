import { defineModule } from 'annals/di';
import { ImportProgress } from './import-progress.ts';
import { RecordedCommit } from './recorded-commit.ts';
import { TrackedFile } from './tracked-file.ts';

/** What the history of a git repository consists of. */
export const gitHistory = defineModule({
  name: 'git-history',
  aggregates: [TrackedFile, RecordedCommit, ImportProgress],
});
