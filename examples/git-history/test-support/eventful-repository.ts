import { ScratchRepository, put, putGitlink, remove } from './scratch-repository.ts';

/** A path that is not UTF-8. */
export const latin1Path = Buffer.from('caf\xe9/\xff\xfe.bin', 'latin1');

/** A repository with everything in it that a history can hold; bare, unless told otherwise. */
export function eventfulRepository(...options: readonly string[]): ScratchRepository {
  const repository = new ScratchRepository(...(options.length > 0 ? options : ['--bare']));
  const hashLength = repository.git('rev-parse', '--show-object-format').toString().startsWith('sha256')
    ? 64
    : 40;
  const commit = repository.commit.bind(repository);
  commit({ changes: [put('README', 'one'), put('src/a.ts', 'a'), put('src/b.ts', 'b')] });
  commit({ changes: [put('README', 'two'), put('run.sh', '#!/bin/sh', '100755')] });
  commit({});
  commit({ changes: [put('run.sh', '#!/bin/sh'), put('link', 'README', '120000'), remove('src/b.ts')] });
  commit({ changes: [put('päth/✓.txt', 'utf8'), put(latin1Path, 'bytes'), put('a\nb\tc', 'lines')] });
  commit({
    changes: [put('100%', 'percent'), put('100%25', 'escape'), put('%', 'alone'), put(' ', 'blank')],
  });
  commit({ branch: 'side', from: 'main', changes: [put('side', '1'), put('README', 'side')] });
  commit({ branch: 'side', changes: [put('side', '2')] });
  commit({ changes: [putGitlink('vendor', '1'.repeat(hashLength)), put('src/b.ts', 'again')] });
  commit({ merge: 'side', changes: [put('side', '2'), put('README', 'merged')] });
  commit({ changes: [putGitlink('vendor', '2'.repeat(hashLength)), put('link', 'now a file')] });
  commit({ changes: [remove('README'), put('README/index', 'folder now')] });
  commit({ changes: [remove('README/index'), put('README', 'file again'), remove(latin1Path)] });
  commit({ changes: [put(`${'long/'.repeat(300)}x`, 'deep'), put('sha256:abc', 'marker')] });
  commit({ author: 'Andr\xe9', changes: [put(latin1Path, 'back'), put('\u200bhidden\ufeff', 'marks')] });
  return repository;
}
