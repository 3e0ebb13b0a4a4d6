/** What every subscriber asks of an event. */
export const orderSelection = `{ id cursor node {
  id number status quantity total currency isGift note dueOn placedAt updatedAt } }`;
