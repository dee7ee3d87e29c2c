import { describe, expect, test } from '@jest/globals';
import { StoredEvent } from '../../../../src/application/events/stored-event.ts';
import type { StoredEventColumns } from '../../../../src/application/events/stored-event.ts';
import { plain } from '../../../../src/infrastructure/testing/contract/expectations.ts';

const full: StoredEventColumns = {
  ...{ eventId: '00000000-0000-7000-8000-000000000001', type: 'account.opened', schemaVersion: 2 },
  ...{ aggregateType: 'account', aggregateId: 'acc-1', version: 3, position: 4 },
  recordedAtMs: Date.parse('2026-01-01T00:00:00.123Z'),
  ...{ correlationId: 'request', causationId: 'command', userId: 'ada', actor: 'user:ada' },
  ...{ payloadJson: '{"owner":"Ada"}', metadataJson: '{"ip":"::1"}' },
};

const expected = {
  ...{ eventId: full.eventId, type: 'account.opened', schemaVersion: 2 },
  ...{ aggregateType: 'account', aggregateId: 'acc-1', version: 3, position: 4 },
  recordedAt: new Date('2026-01-01T00:00:00.123Z'),
  ...{ correlationId: 'request', causationId: 'command', userId: 'ada', actor: 'user:ada' },
  ...{ metadata: { ip: '::1' }, payload: { owner: 'Ada' } },
};

describe('A stored event', () => {
  test('gives every field of its columns', () => {
    expect(plain(new StoredEvent(full))).toEqual(expected);
  });

  test('gives undefined, the system and empty metadata where its columns are null', () => {
    const none = { correlationId: null, causationId: null, userId: null, actor: null, metadataJson: null };
    expect(plain(new StoredEvent({ ...full, ...none }))).toEqual({
      ...expected,
      ...{
        correlationId: undefined,
        causationId: undefined,
        userId: undefined,
        actor: 'system',
        metadata: {},
      },
    });
  });

  test('prints all fields, those behind getters too', () => {
    expect(JSON.parse(JSON.stringify(new StoredEvent(full)))).toEqual({
      ...expected,
      recordedAt: '2026-01-01T00:00:00.123Z',
    });
  });

  test('parses its payload when first asked, and then gives the same object', () => {
    const broken = new StoredEvent({ ...full, payloadJson: '{' });
    expect(broken.version).toBe(3);
    expect(() => broken.payload).toThrow(SyntaxError);

    const event = new StoredEvent(full);
    expect(event.payload).toBe(event.payload);
  });

  test('gives a time and metadata of its own to each who asks', () => {
    const event = new StoredEvent(full);
    event.recordedAt.setTime(0);
    Object.assign(event.metadata, { ip: 'changed' });
    expect(plain(event)).toEqual(expected);
  });

  test('shares no metadata with others where there is none', () => {
    const event = new StoredEvent({ ...full, metadataJson: null });
    expect(() => Object.assign(event.metadata, { ip: 'changed' })).toThrow(TypeError);
    expect(new StoredEvent({ ...full, metadataJson: null }).metadata).toEqual({});
  });
});
