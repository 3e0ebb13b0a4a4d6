import { expect, it } from '@jest/globals';
import { WaitingRoom } from '../../src/resolvers/waiting-room.ts';

it('has room for 1 MiB, for one result of any size, and again for what was given back', () => {
  const room = new WaitingRoom();
  expect(room.take(5_000_000)).toBe(true);
  expect(room.take(1)).toBe(false);
  room.give(5_000_000);
  expect([room.take(500_000), room.take(500_000), room.take(500_000)]).toEqual([true, true, false]);
  room.give(500_000);
  expect(room.take(500_000)).toBe(true);
});

it('has no room for more small results than 1 MiB can hold', () => {
  const room = new WaitingRoom();
  let taken = 0;
  while (room.take(0)) taken += 1;
  expect(taken).toBe(4_096);
});
