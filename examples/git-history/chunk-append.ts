import { aggregateTypeOf } from 'annals';
import type { EventSerializer, NewEvent, StreamAppend } from 'annals';
import type { Chunk } from './chunk.ts';
import type { CommitPart } from './commit-part.ts';
import { FileAdded, FileDeleted, FileModified } from './file-events.ts';
import type { ChangeStatus, PathChange } from './git-commit.ts';
import { ImportAdvanced, ImportProgress, importId } from './import-progress.ts';
import { fileIdOf } from './path-encoding.ts';
import { CommitRecorded, RecordedCommit } from './recorded-commit.ts';
import { TrackedFile } from './tracked-file.ts';

const eventClasses: Readonly<Record<ChangeStatus, typeof FileAdded>> = {
  A: FileAdded,
  M: FileModified,
  D: FileDeleted,
};
const fileType = aggregateTypeOf(TrackedFile);
const commitType = aggregateTypeOf(RecordedCommit);
const importType = aggregateTypeOf(ImportProgress);

/**
 * The one append that stores a chunk: its files, then its commits, then how far the import is.
 *
 * A stream occurs once in an append, so a path that several commits changed has its events side by side:
 * within a chunk it is `commitNumber`, not the position, that tells which commit an event belongs to.
 * The exact version of the import's stream lets only one of two importers through.
 *
 * @param importVersion - the version of the import's stream before this chunk
 */
export function appendOf(
  chunk: Chunk,
  importVersion: number,
  serializer: EventSerializer,
): readonly StreamAppend[] {
  const progress = serializer.serialize(new ImportAdvanced(chunk.after));
  return [
    ...fileAppends(chunk.parts, serializer),
    ...chunk.parts.filter(part => part.isLast).map(part => commitAppend(part, serializer)),
    {
      stream: { aggregateType: importType, aggregateId: importId },
      expectedVersion: importVersion,
      events: [progress],
    },
  ];
}

function fileAppends(parts: readonly CommitPart[], serializer: EventSerializer): StreamAppend[] {
  const byPath = new Map<string, NewEvent[]>();
  for (const part of parts) {
    for (const change of part.changes) {
      const event = serializer.serialize(fileEvent(part, change));
      const events = byPath.get(change.path);
      if (events === undefined) byPath.set(change.path, [event]);
      else events.push(event);
    }
  }
  return Array.from(byPath, ([path, events]) => ({
    stream: { aggregateType: fileType, aggregateId: fileIdOf(path) },
    expectedVersion: 'any',
    events,
  }));
}

function fileEvent({ commit, number }: CommitPart, { status, path, mode, blob }: PathChange): FileAdded {
  return new eventClasses[status]({
    path,
    mode,
    blob,
    commit: commit.hash,
    commitNumber: number,
    author: commit.author,
    time: commit.committedAt,
  });
}

function commitAppend({ commit, number }: CommitPart, serializer: EventSerializer): StreamAppend {
  const { hash, parents, author, authoredAt, committedAt, subject, changes } = commit;
  const recorded = new CommitRecorded({
    commit: hash,
    commitNumber: number,
    parents,
    author,
    authoredAt,
    time: committedAt,
    subject,
    files: changes.length,
  });
  return {
    stream: { aggregateType: commitType, aggregateId: hash },
    expectedVersion: 'none',
    events: [serializer.serialize(recorded)],
  };
}
