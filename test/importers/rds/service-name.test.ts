import { describe, expect, it } from '@jest/globals';
import { assert, oneof, property, string, stringMatching } from 'fast-check';
import { connectorNameOf, serviceNameOf } from '../../../src/importers/rds/service-name.ts';

describe('the name of a service as a connector', () => {
  it.each([
    ['port-owncloud', 'rds_port_owncloud'],
    ['zenodo', 'rds_zenodo'],
    ['port-sciebo.de', 'rds_port_sciebo__2e__de'],
    ['a_b', 'rds_a__5f__b'],
    ['a--b', 'rds_a__2d____2d__b'],
    ['größe', 'rds_gr__f6____df__e'],
    ['💾', 'rds___1f4be__'],
  ])('of %s is %s, and back', (service, connector) => {
    expect([connectorNameOf(service), serviceNameOf(connector)]).toEqual([connector, service]);
  });

  it('tells any two services apart, and is a name that GraphQL can say', () => {
    const names = oneof(string({ minLength: 1, unit: 'binary' }), stringMatching(/^[a-f_0-9-]{1,12}$/));
    assert(
      property(names, (name) => {
        const connector = connectorNameOf(name);
        return serviceNameOf(connector) === name && /^rds_\w+$/.test(connector);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(['port_owncloud', 'rds_', 'rds_A', 'rds_a__2d__b', 'rds_a__061__b', 'rds_a__zz__b', 'rds_a__ffffff__b'])(
    'is none of %s',
    (name) => expect(serviceNameOf(name)).toBeUndefined(),
  );
});
