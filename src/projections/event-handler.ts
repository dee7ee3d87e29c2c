/**
 * Base of a reaction to events that stores no read model: it sends, notifies, dispatches.
 *
 * An `@On` method gets the recorded event and may wait. It is called at least once for each event, in order;
 * `event.eventId` tells a repetition. A new handler starts with what is appended after its first start. What it dispatches names the event as its cause.
 */
export abstract class EventHandler {}
