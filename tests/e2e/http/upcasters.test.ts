import { describe, expect, test } from '@jest/globals';
import { upcaster } from 'annals';
import { defineModule } from 'annals/di';
import {
  Facts,
  GrownAccount,
  appendOld,
  factsOfHistory,
  grownUpcasters,
  history,
} from '../../support/grown-accounts.ts';
import { serve } from './support/serve.ts';

const module = defineModule({
  aggregates: [GrownAccount],
  projectors: [Facts],
  upcasters: grownUpcasters,
});

describe('Over HTTP, with upcasters', () => {
  test('events are as they are stored, and the state is what they make today', async () => {
    const { app, get, post } = await serve({}, { modules: [module] });
    await appendOld(app.events, 'acc-1', ...history);
    const { body } = await get('/api/v1/events?aggregate_id=acc-1');
    const told = (body.events as { event_type: string; version: number; payload: object }[]).map(
      ({ event_type, version, payload }) => [event_type, version, payload],
    );
    expect(told).toEqual(history);
    const posted = await post('/api/v1/events', {
      ...{ event_type: 'account.created', aggregate_type: 'account', aggregate_id: 'acc-2' },
      payload: { who: 'Bo' },
    });
    expect(posted.body).toMatchObject({ event_type: 'account.created', version: 1, payload: { who: 'Bo' } });
    const state = await get('/api/v1/events/aggregate/account/acc-2/state');
    expect(state).toMatchObject({ status: 200, body: { state: { owner: 'Bo', currency: 'EUR' } } });
    await app.projections.catchUp();
    await expect(app.readModels.of(Facts).get('acc-1')).resolves.toEqual({ facts: factsOfHistory });
  });

  test('a state that no upcaster can read is an error of the server, which tells no payload', async () => {
    const broken = upcaster({
      type: 'account.created',
      version: 1,
      into: { type: 'account.renamed', version: 1 },
      up: ({ who }: { readonly who: { readonly name: string } }) => ({ owner: who.name.trim() }),
    });
    const { app, get } = await serve(
      {},
      { modules: [defineModule({ aggregates: [GrownAccount], upcasters: [broken] })] },
    );
    await appendOld(app.events, 'acc-1', ['account.created', 1, { who: 'secret' }]);
    const { status, body } = await get('/api/v1/events/aggregate/account/acc-1/state');
    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toContain('secret');
  });
});
