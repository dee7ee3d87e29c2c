/** An event as every contender gets it, before it is put in the form that its library wants. */
export interface SampleEvent {
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

// As in the measurements of DESIGN §6: what an order line with an address takes, and a trace id.
const payloadBytes = 302;
const metadataBytes = 57;

const types = ['account.opened', 'account.deposited', 'account.withdrawn'];

/** Events of 302 bytes of payload and 57 bytes of metadata each, as JSON. */
export function sampleEvents(count: number, seed = 0): SampleEvent[] {
  return Array.from({ length: count }, (_value, index) => sampleEvent(seed + index));
}

function sampleEvent(number: number): SampleEvent {
  const amount = 1_000 + (number % 9_000);
  return {
    type: types[number % types.length]!,
    payload: padded({ amount, currency: 'EUR', isCashless: true, owner: `owner-${number}` }, payloadBytes),
    metadata: padded({ trace: number }, metadataBytes),
  };
}

function padded(fields: Record<string, unknown>, bytes: number): Record<string, unknown> {
  const missing = bytes - JSON.stringify({ ...fields, note: '' }).length;
  return { ...fields, note: 'the quick brown fox jumps over the lazy dog '.repeat(8).slice(0, missing) };
}
