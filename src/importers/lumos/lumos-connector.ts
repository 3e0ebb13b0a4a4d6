/** A remote server of Lumos as a connector: what its `info` says becomes actions that implement capabilities. */
import { isPlainObject } from '../../connector/check-keys.ts';
import { defineConnector } from '../../connector/define.ts';
import type {
  Action,
  Authorization,
  CapabilityMapping,
  CapabilityOutput,
  ConnectionFields,
  Connector,
  OpenConnection,
  Page,
  PageRequest,
} from '../../connector/definition.ts';
import { DefinitionError, ProviderError, type Fault } from '../../errors.ts';
import type { Capability, CapabilityField, CapabilityNotation } from '../../connector/capability.ts';
import type { Field, Notation } from '../../notation/field.ts';
import { camelCase } from '../../notation/field-name.ts';
import { elementOf, fieldsOfSchema, propertyOf, readSchema, type SchemaDocument } from '../json-schema.ts';
import { readLumosName, rowsKeys, wireFields } from './wire-names.ts';

export interface LumosServer {
  /** Name of the connector. */
  readonly name: string;
  /** Base of its capabilities: `<url>/list-accounts`. */
  readonly url: string;
}

type Values = Readonly<Record<string, unknown>>;

/**
 * Makes the connector. Capabilities that we do not have are left out.
 *
 * @param info - as the server gives it, with or without `response` around it.
 * @throws DefinitionError IMPORT_INVALID with all that is wrong in it.
 */
export function lumosConnector(server: LumosServer, info: unknown, capabilities: readonly Capability[]): Connector {
  const faults: Fault[] = [];
  const fault = (path: string, message: string) =>
    void faults.push({ code: 'IMPORT_INVALID', path: `${server.name}.info${path}`, message });
  const said = isPlainObject(info) && isPlainObject(info.response) ? info.response : info;
  if (!isPlainObject(said) || !isPlainObject(said.capability_schema)) {
    fault('', 'expected an object with `capability_schema`, as `info` of Lumos gives it.');
    throw new DefinitionError(faults);
  }
  const actions: Record<string, Action> = {};
  for (const [written, schemas] of Object.entries(said.capability_schema)) {
    const name = readLumosName(written)?.name;
    const capability = capabilities.find((each) => each.name === name);
    if (!capability) continue;
    const action = actionOf(written, schemas, capability, (message) =>
      fault(`.capability_schema["${written}"]`, message),
    );
    if (action) actions[written.replaceAll('-', '_')] = action;
  }
  if (faults.length > 0) throw new DefinitionError(faults);
  const ways = credentialsOf(readSchema(said.authentication_schema));
  const title = textOf(said.user_friendly_name);
  const description = textOf(said.description);
  const logo = textOf(said.logo_url);
  return defineConnector({
    name: server.name,
    ...(title && { title }),
    ...(description && { description }),
    ...(logo && { logo }),
    connection: {
      fields: ways.fields,
      baseUri: server.url.endsWith('/') ? server.url : `${server.url}/`,
      authorization: ways.authorization,
    },
    ...(actions.validate_credentials && {
      test: (connection) => testCredentials(connection, said.capability_schema as Values),
    }),
    actions,
  });
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** What a connection is made of, and how a request carries it: in its body, as Lumos has it. */
function credentialsOf(schema: SchemaDocument | undefined): {
  readonly fields: Notation;
  readonly authorization: Authorization;
} {
  const all = schema ? fieldsOfSchema(schema) : [];
  const model = all.some(({ name }) => name === 'access_token')
    ? 'oauth'
    : all.some(({ name }) => name === 'username')
      ? 'basic'
      : undefined;
  const fields = all
    .filter(({ name }) => name !== 'model')
    .map((field) => (isTelling(field) ? { ...field, controlType: 'password' } : field));
  if (fields.length === 0) return { fields, authorization: { type: 'none' } };
  const names = fields.map(({ name }) => name);
  const auth = (entered: ConnectionFields): Values => ({
    ...(model && { model }),
    ...Object.fromEntries(
      names.filter((name) => entered[name] !== undefined).map((name) => [name, entered[name] as unknown]),
    ),
  });
  return {
    fields,
    authorization: {
      type: 'api_key',
      apply: (request, { fields: entered }) => request.payload({ auth: auth(entered) }),
    },
  };
}

/** Credentials are secret, also where their schema does not say so. */
function isTelling({ name }: Field): boolean {
  return /token|secret|password|key/i.test(name);
}

function actionOf(
  written: string,
  schemas: unknown,
  capability: Capability,
  fault: (message: string) => void,
): Action | undefined {
  const said = isPlainObject(schemas) ? schemas : {};
  const request = requestOf(readSchema(said.argument));
  const answer = readSchema(said.output);
  const response = answer && (propertyOf(answer, 'response') ?? answer);
  const key = rowsKeys[capability.name];
  const list = response && key !== undefined ? propertyOf(response, key) : undefined;
  const row = key === undefined ? response : list && elementOf(list);
  if (!request) fault('expected the JSON schema of its request as `argument`.');
  if (!row)
    fault(
      `expected the JSON schema of its answer as \`output\`${key === undefined ? '' : `, with a list \`${key}\` in it`}.`,
    );
  if (!request || !row) return undefined;
  const input = fieldsOfSchema(request);
  const output = fieldsOfSchema(row);
  const isList = capability.shape === 'connection';
  return {
    title: written.replaceAll(/[-_]/g, ' '),
    ...(capability.readOnly && { readOnly: true }),
    capability: mappingOf(capability, input, output),
    input,
    output,
    ...(isList && { paginate: { strategy: 'cursor', sizeParam: 'size' } }),
    execute: isList
      ? (connection: OpenConnection, given: Values, page: PageRequest) =>
          askPage(connection, written, given, page, key!)
      : (connection: OpenConnection, given: Values) =>
          ask(connection, written, given, null).then(({ response: one }) => one),
  };
}

/** Of `Request[X, Settings]` the part that is X; older servers have X itself. */
function requestOf(argument: SchemaDocument | undefined): SchemaDocument | undefined {
  return argument && (propertyOf(argument, 'request') ?? argument);
}

/** Which own field is which of the capability's: by the names that Lumos has for them. */
function mappingOf(
  { name, inputType, input, outputType, output }: Capability,
  ownInput: Notation,
  ownOutput: Notation,
): CapabilityMapping {
  const sources: Record<string, string | ((request: any) => unknown)> = {};
  const known = new Map(wireFields(inputType, input).map(({ field, wireName }) => [wireName, field]));
  for (const { name: own } of ownInput) {
    const field = known.get(own);
    if (!field) continue;
    // What holds other things is written with their names on the wire.
    sources[own] = field.properties ? (request: Values) => renamed(field, request[field.name]) : field.name;
  }
  return { name, input: sources, output: outputOf(outputType, output, ownOutput, '') };
}

function outputOf(owner: string, notation: CapabilityNotation, own: Notation, path: string): CapabilityOutput {
  const sources: Record<string, CapabilityOutput[string]> = {};
  for (const { field, wireName } of wireFields(owner, notation)) {
    const ownField = own.find(({ name }) => name === wireName);
    if (!ownField) continue;
    const { properties, typeName } = field;
    sources[field.name] =
      properties && typeName && field.type === 'object' && Array.isArray(ownField.properties)
        ? outputOf(typeName, properties, ownField.properties as Notation, `${path}${wireName}.`)
        : path + wireName;
  }
  return sources;
}

/** By the names that the own input has in the graph: its coercion begins with those. */
function renamed({ properties, typeName }: CapabilityField, value: unknown): unknown {
  if (!properties || !typeName) return value;
  if (Array.isArray(value)) return value.map((item) => renamed({ name: '', properties, typeName }, item));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(
    wireFields(typeName, properties)
      .filter(({ field }) => value[field.name] !== undefined)
      .map(({ field, wireName }) => [camelCase(wireName), renamed(field, value[field.name])]),
  );
}

async function askPage(
  connection: OpenConnection,
  written: string,
  given: Values,
  { token, size }: PageRequest,
  key: string,
): Promise<Page> {
  const page = token === undefined ? { size } : { token, size };
  const { response, next } = await ask(connection, written, given, page);
  const rows = isPlainObject(response) ? response[key] : undefined;
  if (Array.isArray(rows)) return { rows, next };
  throw new ProviderError('PROVIDER_ANSWER_INVALID', `The answer of ${written} has no list "${key}".`);
}

/** Posts one request and opens its envelope. @throws ProviderError with the code that the server gives */
async function ask(
  connection: OpenConnection,
  written: string,
  request: Values,
  page: Values | null,
): Promise<{ readonly response: unknown; readonly next: string | null }> {
  const answer: unknown = await connection.post(written, { request, page, include_raw_data: false });
  if (!isPlainObject(answer))
    throw new ProviderError('PROVIDER_ANSWER_INVALID', `The answer of ${written} is no object.`);
  // Versions differ: the error stands beside the response, in it, or in its place.
  const error = isPlainObject(answer.error) ? answer.error : answer.error === true ? answer.response : undefined;
  if (isPlainObject(error)) {
    const message = textOf(error.message) ?? `${written} failed.`;
    // The code behind the app's own name; the connector's name is put before it.
    const code = textOf(error.error_code)?.replace(/^[^.]*\.(?=.)/, '') ?? 'api_error';
    connection.error(message.slice(0, 500), code);
  }
  const next = isPlainObject(answer.page) ? textOf(answer.page.token) : undefined;
  return { response: answer.response, next: next ?? null };
}

async function testCredentials(connection: OpenConnection, schemas: Values): Promise<void> {
  const written = Object.keys(schemas).find((name) => readLumosName(name)?.name === 'validateCredentials');
  const { response } = await ask(connection, written ?? 'validate-credentials', {}, null);
  if (isPlainObject(response) && response.valid === true) return;
  connection.error('The server says that these credentials are not valid.', 'unauthorized');
}
