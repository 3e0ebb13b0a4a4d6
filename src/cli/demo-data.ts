/** The demo shop's customers and orders: made by code, alike on every machine and at every start. */

export interface DemoAddress {
  readonly street: string;
  readonly city: string;
  readonly state: string;
  readonly zip: string;
  readonly country: string;
}

export interface DemoCustomer {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly address: DemoAddress | null;
  /** RFC 3339, UTC, milliseconds. */
  readonly created_at: string;
}

export interface DemoOrder {
  readonly id: number;
  readonly number: string;
  /** A decimal as text, so that no cent is lost. */
  readonly total: string;
  readonly currency: string;
  readonly placed_at: string;
  readonly customer_id: number;
}

const customerCount = 120;
const orderCount = 300;

/** An archived customer: orders still name it, and asking for it answers 410. */
export const archivedCustomerId = 13;
/** The orders of a customer that was deleted name this id; asking for it answers 404. */
export const deletedCustomerId = 9_999;

const hourMs = 3_600_000;
const firstCustomerAt = Date.parse('2025-01-06T08:15:00.000Z');
const firstOrderAt = Date.parse('2025-03-03T09:00:00.000Z');

/** 120 customers with the ids 1 to 120, the oldest first, no two created at the same time. */
export function createDemoCustomers(): DemoCustomer[] {
  return Array.from({ length: customerCount }, (_, index) => ({
    id: index + 1,
    ...createDemoPerson(index + 1),
    created_at: new Date(firstCustomerAt + index * 53 * hourMs + (index % 7) * 641_000).toISOString(),
  }));
}

/** Who the customer of an id is: name, e-mail address and home. */
export function createDemoPerson(id: number): Pick<DemoCustomer, 'name' | 'email' | 'address'> {
  const index = id - 1;
  const first = pick(firstNames, index * 7);
  const last = pick(lastNames, index * 11 + Math.floor(index / lastNames.length));
  const [city, state, zip, country] = pick(towns, index * 5);
  return {
    name: `${first} ${last}`,
    email: `${first}.${last}.${id}@example.com`.toLowerCase(),
    address: { street: `${1 + ((index * 37) % 240)} ${pick(streets, index * 3)}`, city, state, zip, country },
  };
}

/** 300 orders with the ids 1 to 300, the oldest first; every 60th is of a deleted customer. */
export function createDemoOrders(): DemoOrder[] {
  return Array.from({ length: orderCount }, (_, index) => {
    const id = index + 1;
    const cents = 495 + ((index * 7_919) % 48_000);
    return {
      id,
      number: `A-${1_000 + id}`,
      total: `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`,
      currency: pick(currencies, index),
      placed_at: new Date(firstOrderAt + index * 17 * hourMs + (index % 11) * 127_000).toISOString(),
      customer_id: id % 60 === 0 ? deletedCustomerId : 1 + ((index * 13) % customerCount),
    };
  });
}

function pick<T>(values: readonly T[], index: number): T {
  return values[index % values.length] as T;
}

const firstNames = [
  'Ada', 'Amir', 'Ana', 'Ben', 'Chiara', 'Diego', 'Ella', 'Farid', 'Grace', 'Hana', 'Ines', 'Jonas',
  'Kofi', 'Lena', 'Mateo', 'Nadia', 'Omar', 'Priya', 'Quentin', 'Rosa', 'Sven', 'Tara', 'Yuki',
]; // prettier-ignore
const lastNames = [
  'Abbott', 'Berger', 'Castro', 'Dubois', 'Eriksen', 'Fischer', 'Garcia', 'Hughes', 'Ito', 'Jansen', 'Kaya', 'Lopez',
  'Mensah', 'Novak', 'Okafor', 'Patel', 'Rossi', 'Schmidt', 'Tanaka', 'Ueda', 'Varga', 'Weber', 'Young', 'Zhang',
]; // prettier-ignore
const streets = ['Main St', 'Oak Ave', 'Station Rd', 'Mill Lane', 'Harbour St', 'Church Rd', 'Park Ave', 'Hill St'];
const currencies = ['EUR', 'USD', 'EUR', 'GBP'];
const towns: readonly (readonly [city: string, state: string, zip: string, country: string])[] = [
  ['Anytown', 'CA', '94321', 'USA'],
  ['Springfield', 'IL', '62704', 'USA'],
  ['Leipzig', 'SN', '04109', 'Germany'],
  ['Hamburg', 'HH', '20095', 'Germany'],
  ['Lyon', 'ARA', '69002', 'France'],
  ['Bristol', 'ENG', 'BS1 4DJ', 'United Kingdom'],
  ['Porto', '13', '4000-322', 'Portugal'],
  ['Osaka', '27', '530-0001', 'Japan'],
];
