import { CommandBus, EventHandler, On, Projector } from 'annals';
import type { Recorded } from 'annals';
import { inject } from 'inversify';
import { ProductStockUpdated } from './product-events.ts';
import { lowStock } from './product.ts';
import { RestockProduct } from './restock-product.ts';

/** Orders new pieces as soon as a product runs low: an event in, a command out. */
@Projector('restock_when_low')
export class RestockWhenLow extends EventHandler {
  constructor(@inject(CommandBus) private readonly commands: CommandBus) {
    super();
  }

  @On(ProductStockUpdated)
  async stockUpdated(event: Recorded<ProductStockUpdated>): Promise<void> {
    if (event.payload.newStock >= lowStock) return;
    // An event may be delivered twice, after a crash say; the command id lets the second one do nothing.
    const commandId = `restock:${event.eventId}`;
    await this.commands.dispatch(new RestockProduct(event.aggregateId), {
      commandId,
      actor: 'agent:stock_keeper',
    });
  }
}
