import { PGlite } from '@electric-sql/pglite';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { StoreUnavailable } from 'annals';
import { PGliteClient } from '../../../../src/infrastructure/pglite/pglite-client.ts';
import { Gate } from '../../../support/intercepted-store.ts';

describe('PGliteClient', () => {
  let client: PGliteClient;
  let log: string[];

  beforeEach(async () => {
    log = [];
    client = new PGliteClient(await PGlite.create(), async () => void log.push('released'));
  });

  test('lets a transaction that is under way commit before it closes', async () => {
    const gate = new Gate();
    const committed = client.transaction(async runner => {
      await runner.runScript('create table notes (note text)');
      await gate.pass();
      await runner.runScript("insert into notes values ('kept')");
      const rows = await runner.runForObjects('select note from notes', []);
      log.push('done');
      return rows;
    });
    await gate.reached;
    const closed = client[Symbol.asyncDispose]();
    await expect(client.run({ text: 'select 1' })).rejects.toThrow(StoreUnavailable);
    gate.open();
    await expect(committed).resolves.toEqual([{ note: 'kept' }]);
    await closed;
    expect(log).toEqual(['done', 'released']);
  });

  test('answers what was asked before it was closed, and refuses what comes after', async () => {
    const answers = [client.run({ text: 'select 1' }), client.run({ text: 'select 2' })];
    await client[Symbol.asyncDispose]();
    await expect(Promise.all(answers)).resolves.toEqual([[['1']], [['2']]]);
    const late = [
      client.run({ text: 'select 1' }),
      client.runForObjects('select 1', []),
      client.runScript('select 1'),
      client.transaction(async () => undefined),
    ];
    for (const refused of late) {
      await expect(refused).rejects.toThrow(StoreUnavailable);
      await expect(refused).rejects.toThrow('The embedded store was closed.');
    }
  });
});
