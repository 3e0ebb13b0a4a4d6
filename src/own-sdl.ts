/** The gateway's own part of the schema, as it is written: `schema/gateway.graphql` and `schema/capabilities.graphql`. */
import { readFile } from 'node:fs/promises';
import { federationDefinitions } from './graph/federation-directives.ts';

/** The text of both, as one document, with the directives of federation that they may apply. */
export async function readOwnSdl(): Promise<string> {
  const read = (name: string) => readFile(new URL(`../schema/${name}.graphql`, import.meta.url), 'utf8');
  return [...(await Promise.all([read('gateway'), read('capabilities')])), federationDefinitions].join('\n');
}
