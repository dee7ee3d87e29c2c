import type { WebSocket } from 'ws';
import type { Recorded } from '../../../domain/index.ts';
import { toWire } from '../event-on-wire.ts';
import type { LiveFeed } from './live-feed.ts';

// As 401 in HTTP; 4000 to 4999 are for applications.
const expiredCode = 4401;
const endingCode = 1001;
const notTakenCode = 1003;
const failedCode = 1011;
// So much may wait to be written; a single message may be longer.
const waitingBytes = 64 * 1024;
// A busy page answers late; one that is gone, never.
const unansweredBeats = 3;

/** Sends what a feed tells over a WebSocket, no faster than it is read, until one of both ends. */
export async function serveSocket(socket: WebSocket, feed: LiveFeed, heartBeatMs: number): Promise<void> {
  const { expired, ending } = feed;
  const closeOn = (signal: AbortSignal, code: number, reason: string): void => {
    const close = (): void => socket.close(code, reason);
    if (signal.aborted) close();
    else listenWhileOpen(socket, signal, close);
  };
  closeOn(expired, expiredCode, 'The token has expired.');
  closeOn(ending, endingCode, 'The server closes.');
  guard(socket);
  const heart = beat(socket, heartBeatMs);
  socket.once('close', () => clearInterval(heart));
  const parts = feed.parts({ event: eventMessage, position: positionMessage, beat: positionMessage });
  for await (const text of parts) {
    if (socket.readyState !== socket.OPEN) break;
    await send(socket, text);
  }
}

/** Says that the feed failed; who comes back goes on where they were. */
export function closeFailed(socket: WebSocket): void {
  socket.close(failedCode, 'The events cannot be read now.');
}

function eventMessage(event: Recorded): string {
  return JSON.stringify({ event: toWire(event) });
}

function positionMessage(position: number): string {
  return `{"event_number":${position}}`;
}

function listenWhileOpen(socket: WebSocket, signal: AbortSignal, listener: () => void): void {
  signal.addEventListener('abort', listener, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', listener));
}

/* Nothing is taken from the other side, and nobody is answered who does not read the answers. */
function guard(socket: WebSocket): void {
  socket.on('error', () => undefined);
  socket.on('message', () => socket.close(notTakenCode, 'Nothing is taken here.'));
  socket.on('ping', data => {
    if (socket.bufferedAmount <= waitingBytes) socket.pong(data);
  });
}

function beat(socket: WebSocket, heartBeatMs: number): ReturnType<typeof setInterval> {
  let unanswered = 0;
  socket.on('pong', () => (unanswered = 0));
  return setInterval(() => {
    if (unanswered === unansweredBeats) return socket.terminate();
    unanswered++;
    socket.ping();
  }, heartBeatMs);
}

/* Resolves once there is room for more, or nobody to send it to: then the feed ends by itself. */
async function send(socket: WebSocket, text: string): Promise<void> {
  await new Promise<void>(resolve => {
    socket.send(text, () => resolve());
    if (socket.bufferedAmount <= waitingBytes) resolve();
  });
}
