import { describe, expect, it } from '@jest/globals';
import { connectorsByName } from '../../src/connector/connectors-by-name.ts';

const loaded = { name: 'loaded' };
const made = { name: 'made' };

describe('connectors by name', () => {
  const byName = connectorsByName([loaded], (name) => (name === 'loaded' || name === 'made' ? made : undefined));

  it('gives what is loaded before what is made, and nothing for other names', () => {
    expect(['loaded', 'made', 'none'].map((name) => byName.get(name))).toEqual([loaded, made, undefined]);
  });

  it('lists what is loaded alone', () => {
    expect([[...byName.keys()], byName.size, byName.has('made')]).toEqual([['loaded'], 1, false]);
  });
});
