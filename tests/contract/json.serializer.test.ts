import { describe, test } from '@jest/globals';
import { JsonEventSerializer } from '../../src/infrastructure/serialization/json-event-serializer.ts';
import { serializerContract } from '../../src/infrastructure/testing/contract/serializer-contract.ts';

describe('The serializer of JSON', () => {
  for (const { name, run } of serializerContract())
    test(name, () => run(classes => new JsonEventSerializer(classes)));
});
