/** The keys that actions and triggers share. */
import type { KeyKinds } from './check-keys.ts';

export const presentationKeys: KeyKinds = {
  title: 'string',
  subtitle: 'string',
  description: 'string',
  help: 'help',
  hint: 'string',
  displayPriority: 'number',
  deprecated: 'boolean or string',
  graphqlName: 'string',
  directives: 'strings',
  scopes: 'strings',
  configFields: 'array',
  input: 'notation',
  output: 'notation',
  sampleOutput: 'function',
};
