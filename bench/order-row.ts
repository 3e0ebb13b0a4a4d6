/** Orders as the stub provider has them. */

const statuses = ['open', 'paid', 'shipped'];

/** The row of one id is the same every time. */
export function orderRow(id: number) {
  const day = String((id % 28) + 1).padStart(2, '0');
  return {
    id,
    number: `A-${1000 + id}`,
    status: statuses[id % statuses.length],
    quantity: id % 7,
    total: Math.round(id * 1999) / 100,
    currency: 'EUR',
    is_gift: id % 5 === 0,
    note: id % 4 === 0 ? null : `Leave it at door ${id}, please.`,
    due_on: `2026-03-${day}`,
    placed_at: `2026-01-${day}T09:30:00.000Z`,
    updated_at: `2026-02-${day}T17:45:12.500Z`,
    customer_id: 7000 + id,
    // A provider sends more than anybody asks for.
    links: {
      self: `https://shop.example.com/orders/${id}`,
      customer: `https://shop.example.com/customers/${7000 + id}`,
    },
    tags: ['web', 'retail'],
  };
}
