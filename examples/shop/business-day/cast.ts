/** A product as the shop takes it into its range. */
export interface Offer {
  readonly productId: string;
  readonly sku: string;
  readonly name: string;
  readonly priceCents: number;
  readonly stock: number;
}

/** The range of the shop. */
export const range: readonly Offer[] = [
  offer('TEA-ASSAM', 'Assam black tea, 250 g', 890, 40),
  offer('TEA-SENCHA', 'Sencha green tea, 100 g', 1_290, 30),
  offer('TEA-ROOIBOS', 'Rooibos, 250 g', 690, 35),
  offer('TEA-MINT', 'Peppermint leaves, 80 g', 450, 40),
  offer('COF-HARRAR', 'Harrar coffee beans, 500 g', 1_490, 30),
  offer('COF-HUILA', 'Huila coffee beans, 500 g', 1_350, 30),
  offer('COF-DECAF', 'Decaf coffee beans, 500 g', 1_420, 20),
  offer('POT-GLASS', 'Glass teapot, 1.2 l', 3_490, 15),
  offer('POT-IRON', 'Cast-iron teapot, 0.8 l', 5_900, 12),
  offer('CUP-BLUE', 'Blue cup, 0.2 l', 950, 40),
  offer('MILL-HAND', 'Hand mill for coffee', 4_250, 15),
  offer('HONEY-LIME', 'Lime-blossom honey, 500 g', 780, 25),
];

/** A customer as one introduces oneself. */
export interface Person {
  readonly customerId: string;
  readonly name: string;
  readonly email: string;
}

const firstNames = ['Ada', 'Ben', 'Cleo', 'Dan', 'Edda', 'Finn', 'Greta', 'Hugo', 'Ida', 'Jon', 'Kim'];
const lastNames = ['Adler', 'Brook', 'Castle', 'Dale', 'Evers', 'Field', 'Grove', 'Heath', 'Iversen'];

/** The customer with this number, from 1. */
export function person(number: number): Person {
  // 11 first and 9 last names have no common divisor, so 99 customers pass before a name comes again.
  const first = firstNames[number % firstNames.length]!;
  const last = lastNames[number % lastNames.length]!;
  const email = `${first}.${last}.${number}@example.org`.toLowerCase();
  return { customerId: `customer-${number}`, name: `${first} ${last}`, email };
}

function offer(sku: string, name: string, priceCents: number, stock: number): Offer {
  return { productId: sku.toLowerCase(), sku, name, priceCents, stock };
}
