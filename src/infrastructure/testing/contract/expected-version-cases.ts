import type { ExpectedVersion } from '../../../domain/index.ts';
import { StreamVersionConflict } from '../../../application/ports/event-store-errors.ts';
import { storeCases } from './contract-case.ts';
import type { CaseBody } from './contract-case.ts';
import { checkRefused } from './expectations.ts';
import { deposits } from './sample-events.ts';

interface Expectations {
  readonly accepted: readonly ExpectedVersion[];
  readonly refused: readonly ExpectedVersion[];
}

const onNewStream: Expectations = {
  accepted: [0, 'none', 'any'],
  refused: [1, 2, 2_147_483_647, 'exists'],
};
const onStreamAtVersion3: Expectations = {
  accepted: [3, 'exists', 'any'],
  refused: [0, 'none', 2, 4, 2_147_483_647],
};

/** Every form of the expected version, on streams that exist and that do not. */
export const expectedVersionCases = storeCases({
  ...each(onNewStream.accepted, expected => [`starts a stream when ${show(expected)} is expected`, 0]),
  ...each(onNewStream.refused, expected => [
    `refuses to start a stream when ${show(expected)} is expected`,
    0,
  ]),
  ...each(onStreamAtVersion3.accepted, expected => [
    `continues a stream at version 3 when ${show(expected)} is expected`,
    3,
  ]),
  ...each(onStreamAtVersion3.refused, expected => [
    `refuses to continue a stream at version 3 when ${show(expected)} is expected`,
    3,
  ]),
});

function each(
  forms: readonly ExpectedVersion[],
  describe: (expected: ExpectedVersion) => [name: string, versionBefore: number],
): Record<string, CaseBody> {
  const bodies = forms.map((expected): [string, CaseBody] => {
    const [name, versionBefore] = describe(expected);
    const isRefused = name.startsWith('refuses');
    return [name, isRefused ? refuses(expected, versionBefore) : accepts(expected, versionBefore)];
  });
  return Object.fromEntries(bodies);
}

function accepts(expectedVersion: ExpectedVersion, versionBefore: number): CaseBody {
  return async subject => {
    if (versionBefore > 0) await subject.append(subject.stream(), deposits(versionBefore));
    await subject.append(subject.stream(), deposits(2), { expectedVersion });
    await subject.checkStored();
  };
}

function refuses(expectedVersion: ExpectedVersion, versionBefore: number): CaseBody {
  return async subject => {
    const stream = subject.stream();
    if (versionBefore > 0) await subject.append(stream, deposits(versionBefore));
    await checkRefused(
      () => subject.store.append({ stream, expectedVersion, events: deposits(2) }),
      StreamVersionConflict,
      { code: 'stream-version-conflict', stream, expectedVersion, actualVersion: versionBefore },
    );
    await subject.checkStored();
  };
}

function show(expected: ExpectedVersion): string {
  return typeof expected === 'number' ? `version ${expected}` : `'${expected}'`;
}
