/* A process of the fault tests: it writes, reads or races as the runner tells it, and ends with the runner. */
import type { Answer, Order } from './messages.ts';
import { race } from './racers.ts';
import { End, read } from './readers.ts';
import { write } from './writers.ts';

let stop = new AbortController();
let end = new End();

process.on('disconnect', () => process.exit());
process.on('message', (order: Order) => {
  void obey(order).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
answer({ said: 'ready' });

async function obey(order: Order): Promise<void> {
  switch (order.do) {
    case 'write': {
      stop = new AbortController();
      const problems = await write(order.plan, stop.signal);
      answer({ said: 'written', problems });
      break;
    }
    case 'read': {
      end = new End();
      const problems: string[] = [];
      const readings = await read(order.plan, end, problems);
      answer({ said: 'read', readings, problems });
      break;
    }
    case 'race':
      answer({ said: 'raced', finishes: await race(order.race) });
      break;
    case 'stop':
      stop.abort();
      break;
    case 'read up to':
      end.tell(order.position);
  }
}

function answer(message: Answer): void {
  process.send!(message);
}
