import { UnserializableValue } from '../../../application/index.ts';
import type { Recorded } from '../../../domain/index.ts';
import { classOf } from '../../../domain/class.ts';
import { differences } from '../compare/differences.ts';
import { listDifferences } from '../compare/explain-values.ts';
import { listOf } from '../compare/show.ts';
import { errorsOf } from '../scenario/act.ts';
import type { Act } from '../scenario/act.ts';
import type { Breach, Law } from './law.ts';

const law = 'events-survive-storage';

const why =
  'What is stored is all that is left of an event: replays, projections and other services see what came back, not what ' +
  'was raised. Store plain data, or declare the field with @Type of class-transformer.';

/** What is read back of an event is what was raised. */
export const eventsSurviveStorage: Law = {
  name: law,
  async check(_world, act) {
    const refused = errorsOf(act).find(error => error instanceof UnserializableValue);
    if (refused !== undefined) {
      return { law, claim: 'an event cannot be stored.', details: [`    ${refused.message}`], why };
    }
    return storedPairs(act)
      .map(breachOf)
      .find(breach => breach !== undefined);
  },
};

interface Pair {
  readonly raised: object;
  readonly stored: Recorded<object>;
}

function storedPairs({ changed, events }: Act): Pair[] {
  return changed.flatMap(({ stream, raised, versionBefore }) => {
    const own = events.filter(
      ({ aggregateType, aggregateId, version }) =>
        aggregateType === stream.aggregateType &&
        aggregateId === stream.aggregateId &&
        version > versionBefore,
    );
    // Nothing of a refused command is stored.
    return own.flatMap((stored, index) =>
      raised[index] === undefined ? [] : [{ raised: raised[index], stored }],
    );
  });
}

function breachOf({ raised, stored }: Pair): Breach | undefined {
  // Of an unknown class only the data comes back; another law says so.
  const isPlain = classOf(stored.payload) !== classOf(raised);
  const changed = differences(isPlain ? { ...raised } : raised, stored.payload);
  if (changed.length === 0) return undefined;
  const { name } = classOf(raised);
  return {
    law,
    claim: `${name} comes back from the store with another ${listOf(changed.map(({ path }) => path || 'class'))}.`,
    details: listDifferences(changed, ['raised', 'stored']),
    why,
  };
}
