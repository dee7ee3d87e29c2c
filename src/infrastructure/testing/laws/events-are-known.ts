import { eventTypeOf } from '../../../domain/index.ts';
import { ModuleCatalog } from '../../di/module-catalog.ts';
import type { Law } from './law.ts';

const law = 'events-are-known';

/** Every stored event is an event of the modules; without modules nobody can tell. */
export const eventsAreKnown: Law = {
  name: law,
  async check({ plan }, { events }) {
    if (plan.modules.length === 0) return undefined;
    const classes = [...new ModuleCatalog(plan.modules).events];
    const known = new Set(
      classes.flatMap(type => [eventTypeOf(type)?.name, ...(eventTypeOf(type)?.aliases ?? [])]),
    );
    const unknown = events.find(({ type }) => !known.has(type));
    if (unknown === undefined) return undefined;
    return {
      law,
      claim: `no module knows the event "${unknown.type}".`,
      details: [
        '    No aggregate of the modules has an @On method for it, and no module lists it in its events.',
      ],
      why:
        'It would be stored, but read back as plain data: projectors and handlers would get no instance of its class, ' +
        `without methods, dates or value objects. List its class in the module: defineModule({ events: [...] }).`,
    };
  },
};
