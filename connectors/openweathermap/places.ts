/** Which places a connection watches. */
import type { OpenConnection } from '../../src/connector/define.ts';

/** Ids of cities, at most 20: each is a request, and the free plan takes 60 in a minute. */
export function chosenPlaces(connection: OpenConnection): readonly string[] {
  const places = String(connection.fields.places ?? '')
    .split(',')
    .map((place) => place.trim())
    .filter((place) => place !== '');
  if (places.length === 0 || places.length > 20 || places.some((place) => !/^\d+$/.test(place))) {
    return connection.error('places: expected 1 to 20 ids of cities (numbers), with commas between.', 'places_invalid');
  }
  return [...new Set(places)];
}
