/** Checks a connector: every fault at once, each with its path, what was expected and what came. */
import type { ErrorCode, Fault } from '../errors.ts';
import { checkFields } from '../notation/check-fields.ts';
import type { Notation, ObjectDefinition } from '../notation/field.ts';
import { checkAuthorization } from './check-authorization.ts';
import { checkKeys, describe, isPlainObject, type KeyKinds, nearest, type Report } from './check-keys.ts';
import type { Action, Connector, NotationSource, Trigger } from './definition.ts';
import { findByName } from './find-by-name.ts';

/** A name that can be the prefix of GraphQL names: starts with a letter, then letters, digits, `_`. */
const connectorName = /^[a-z][a-z0-9_]*$/i;

/**
 * All faults of one connector. What concerns several connectors (references, name collisions) is checked where the graph
 * is built.
 *
 * @param warn - told of what is odd but not wrong, such as unknown keys.
 */
export function checkConnector(connector: unknown, warn: Report): Fault[] {
  const faults: Fault[] = [];
  const check = new ConnectorCheck(connector, (fault) => faults.push(fault), warn);
  check.run();
  return faults;
}

const connectorKeys: KeyKinds = {
  name: 'string!',
  title: 'string',
  description: 'string',
  help: 'help',
  logo: 'string',
  graphqlName: 'string',
  connection: 'object',
  test: 'function',
  objects: 'object',
  actions: 'object',
  triggers: 'object',
  pickLists: 'object',
  methods: 'object',
  exceptionHandlers: 'array',
  webhookKeys: 'function',
  customAction: 'boolean',
  customActionHelp: 'help',
  streams: 'object',
};
const connectionKeys: KeyKinds = {
  fields: 'array',
  extendedFields: 'function',
  baseUri: 'string or function',
  origins: 'array',
  authorization: 'object',
};
const objectKeys: KeyKinds = {
  fields: 'array!',
  title: 'string',
  description: 'string',
  key: 'string',
  lookup: 'string',
  batch: 'string',
  graphqlName: 'string',
};
const presentationKeys: KeyKinds = {
  title: 'string',
  subtitle: 'string',
  description: 'string',
  help: 'help',
  hint: 'string',
  displayPriority: 'number',
  deprecated: 'boolean or string',
  graphqlName: 'string',
  scopes: 'array',
  configFields: 'array',
  input: 'notation',
  output: 'notation',
  sampleOutput: 'function',
};
const actionKeys: KeyKinds = {
  ...presentationKeys,
  readOnly: 'boolean',
  idempotent: 'boolean',
  batch: 'boolean',
  maxBatchSize: 'count',
  list: 'boolean',
  paginate: 'object',
  execute: 'function!',
  isSuccess: 'function',
  capability: 'string',
  retryOnResponse: 'array',
  retryOnRequest: 'array',
  maxRetries: 'number',
  summarizeInput: 'array',
  summarizeOutput: 'array',
};
const paginateKeys: KeyKinds = {
  strategy: 'string!',
  rows: 'string',
  pageParam: 'string',
  firstPage: 'number',
  sizeParam: 'string',
  pageSize: 'count',
  maxPageSize: 'count',
  next: 'string',
  hasMore: 'string',
  totalCount: 'string',
};
const triggerKeys: KeyKinds = {
  ...presentationKeys,
  type: 'string',
  poll: 'function',
  dedup: 'function',
  documentId: 'function',
  sortBy: 'function',
  startField: 'string',
  intervalMs: 'count',
  webhook: 'object',
};
const webhookKeys: KeyKinds = {
  subscribe: 'function',
  unsubscribe: 'function',
  refresh: 'function',
  verify: 'function',
  notification: 'function',
  key: 'function',
  payloadType: 'string',
  responseType: 'string',
  responseBody: 'string',
  responseHeaders: 'object',
  responseStatus: 'number',
};
const strategies = ['page', 'offset', 'cursor', 'link', 'next_url'];

class ConnectorCheck {
  readonly #report: Report;
  readonly #warn: Report;
  readonly #connector: Connector;
  readonly #name: string;

  constructor(connector: unknown, report: Report, warn: Report) {
    this.#report = report;
    this.#warn = warn;
    this.#connector = connector as Connector;
    this.#name = isPlainObject(connector) && typeof connector.name === 'string' ? connector.name : 'connector';
  }

  run(): void {
    const connector: unknown = this.#connector;
    if (!isPlainObject(connector)) {
      this.#fault(
        'CONNECTOR_INVALID',
        this.#name,
        `expected an object made with defineConnector; got ${describe(connector)}.`,
      );
      return;
    }
    checkKeys(connector, connectorKeys, this.#name, 'CONNECTOR_INVALID', this.#report, this.#warn);
    if (typeof connector.name === 'string' && !connectorName.test(connector.name)) {
      this.#fault(
        'CONNECTOR_NAME',
        `${this.#name}.name`,
        `expected letters, digits and "_", first a letter, since it begins names in GraphQL; got ${describe(connector.name)}.`,
      );
    }
    this.#connection();
    this.#each('objects', 'OBJECT_INVALID', (object, path) => this.#object(object, path));
    this.#each('actions', 'ACTION_INVALID', (action, path) => this.#action(action, path));
    this.#each('triggers', 'TRIGGER_INVALID', (trigger, path) => this.#trigger(trigger, path));
    this.#pickLists();
    this.#functions('methods');
    this.#functions('streams');
    this.#exceptionHandlers();
  }

  #fault(code: ErrorCode, path: string, message: string): void {
    this.#report({ code, path, message });
  }

  /** Calls `visit` for every object below `key`; a value that is none is a fault. */
  #each(
    key: 'objects' | 'actions' | 'triggers',
    code: ErrorCode,
    visit: (value: Record<string, unknown>, path: string) => void,
  ): void {
    const all: unknown = this.#connector[key];
    if (!isPlainObject(all)) return;
    for (const [name, value] of Object.entries(all)) {
      const path = `${this.#name}.${key}.${name}`;
      if (isPlainObject(value)) visit(value, path);
      else this.#fault(code, path, `expected an object; got ${describe(value)}.`);
    }
  }

  #connection(): void {
    const connection: unknown = this.#connector.connection;
    if (!isPlainObject(connection)) return;
    const path = `${this.#name}.connection`;
    checkKeys(connection, connectionKeys, path, 'CONNECTOR_INVALID', this.#report, this.#warn);
    if (Array.isArray(connection.fields)) this.#fields(connection.fields, `${path}.fields`);
    const { baseUri } = connection;
    if (typeof baseUri === 'string' && !/^https?:\/\/[^/]/.test(baseUri)) {
      this.#fault(
        'CONNECTOR_INVALID',
        `${path}.baseUri`,
        `expected an absolute http or https URL; got ${describe(baseUri)}.`,
      );
    }
    if (isPlainObject(connection.authorization)) {
      checkAuthorization(connection.authorization, `${path}.authorization`, this.#report, this.#warn, (fields, at) =>
        this.#fields(fields, at),
      );
    }
  }

  #object(object: Record<string, unknown>, path: string): void {
    checkKeys(object, objectKeys, path, 'OBJECT_INVALID', this.#report, this.#warn);
    if (!Array.isArray(object.fields)) return;
    this.#fields(object.fields, `${path}.fields`);
    const definition = object as unknown as ObjectDefinition;
    if (definition.key === undefined) {
      for (const name of ['lookup', 'batch'] as const) {
        if (definition[name] !== undefined) {
          this.#fault(
            'OBJECT_INVALID',
            `${path}.${name}`,
            'expected a `key` beside it, which says what is looked up; got none.',
          );
        }
      }
      return;
    }
    const names = definition.fields.map((field) => field?.name).filter((name) => typeof name === 'string');
    if (!names.includes(definition.key)) {
      this.#fault(
        'KEY_UNKNOWN',
        `${path}.key`,
        `expected the name of one of its fields${nearest(definition.key, names)}; got ${describe(definition.key)}.`,
      );
      return;
    }
    this.#lookup(definition, 'lookup', path);
    this.#lookup(definition, 'batch', path);
  }

  /** A lookup takes the key, a batch takes a list of keys; both only read. */
  #lookup(object: ObjectDefinition, kind: 'lookup' | 'batch', path: string): void {
    const name: unknown = object[kind];
    if (typeof name !== 'string') return;
    const actions = (isPlainObject(this.#connector.actions) ? this.#connector.actions : {}) as Record<string, Action>;
    const found = findByName(actions, name);
    if (!found) {
      this.#fault(
        'LOOKUP_UNKNOWN',
        `${path}.${kind}`,
        `expected the name of an action${nearest(name, Object.keys(actions))}; got ${describe(name)}.`,
      );
      return;
    }
    const [actionName, action] = found;
    if (!isPlainObject(action)) return;
    if (action.readOnly !== true) {
      this.#fault(
        'LOOKUP_UNKNOWN',
        `${path}.${kind}`,
        `expected an action with readOnly: true, since joins only read; got ${actionName}.`,
      );
    }
    if (kind === 'batch' && action.batch !== true) {
      this.#fault('LOOKUP_UNKNOWN', `${path}.batch`, `expected an action with batch: true; got ${actionName}.`);
    }
    const input = notationOf(action.input);
    if (!input) return;
    const takesKey =
      kind === 'lookup'
        ? input.some((field) => field?.name === object.key)
        : input.filter((field) => field?.type === 'array').length === 1;
    if (!takesKey) {
      const expected =
        kind === 'lookup'
          ? `an input field "${object.key}", which takes the key`
          : 'exactly one input field of type array, which takes the keys';
      this.#fault(
        'LOOKUP_UNKNOWN',
        `${path}.${kind}`,
        `expected ${actionName} to have ${expected}; got ${describe(input.map((field) => field?.name))}.`,
      );
    }
  }

  #action(action: Record<string, unknown>, path: string): void {
    checkKeys(action, actionKeys, path, 'ACTION_INVALID', this.#report, this.#warn);
    this.#notation(action.input, `${path}.input`);
    this.#notation(action.output, `${path}.output`);
    if (Array.isArray(action.configFields)) this.#fields(action.configFields, `${path}.configFields`);
    if (action.list === true && action.paginate !== undefined) {
      this.#fault(
        'ACTION_INVALID',
        `${path}.list`,
        'expected either `list`, a plain list, or `paginate`, a list with pages; got both.',
      );
    }
    if (action.batch === true) {
      const lists = notationOf((action as unknown as Action).input)?.filter((field) => field?.type === 'array');
      if (lists?.length !== 1) {
        this.#fault(
          'ACTION_INVALID',
          `${path}.input`,
          `expected exactly one field of type array, since batch is true; got ${lists?.length ?? 0}.`,
        );
      }
    }
    if (isPlainObject(action.paginate)) this.#paginate(action.paginate, `${path}.paginate`, action.readOnly === true);
  }

  #paginate(paginate: Record<string, unknown>, path: string, readOnly: boolean): void {
    checkKeys(paginate, paginateKeys, path, 'PAGINATE_INVALID', this.#report, this.#warn);
    const { strategy, next, pageSize, maxPageSize } = paginate;
    if (typeof strategy === 'string' && !strategies.includes(strategy)) {
      this.#fault(
        'PAGINATE_INVALID',
        `${path}.strategy`,
        `expected one of ${strategies.join(', ')}; got ${describe(strategy)}.`,
      );
    }
    if (typeof pageSize === 'number' && typeof maxPageSize === 'number' && pageSize > maxPageSize) {
      this.#fault(
        'PAGINATE_INVALID',
        `${path}.pageSize`,
        `expected at most maxPageSize (${maxPageSize}); got ${pageSize}.`,
      );
    }
    if (next !== undefined && strategy !== 'cursor' && strategy !== 'next_url') {
      this.#fault(
        'PAGINATE_INVALID',
        `${path}.next`,
        `expected only with strategy cursor or next_url; got it with ${describe(strategy)}.`,
      );
    }
    if (!readOnly) {
      this.#fault(
        'PAGINATE_INVALID',
        path,
        'expected an action with readOnly: true, since pages are read one after the other; got a writing one.',
      );
    }
  }

  #trigger(trigger: Record<string, unknown>, path: string): void {
    checkKeys(trigger, triggerKeys, path, 'TRIGGER_INVALID', this.#report, this.#warn);
    this.#notation(trigger.input, `${path}.input`);
    this.#notation(trigger.output, `${path}.output`);
    const { type, poll, webhook, startField } = trigger as unknown as Trigger;
    if (type !== undefined && type !== 'ascending' && type !== 'paging_desc') {
      this.#fault('TRIGGER_INVALID', `${path}.type`, `expected ascending or paging_desc; got ${describe(type)}.`);
    }
    if (poll === undefined && webhook === undefined) {
      this.#fault('TRIGGER_INVALID', path, 'expected `poll`, `webhook` or both; got neither.');
    }
    if (isPlainObject(webhook)) {
      checkKeys(webhook, webhookKeys, `${path}.webhook`, 'TRIGGER_INVALID', this.#report, this.#warn);
      if (webhook.notification === undefined && poll === undefined) {
        this.#fault(
          'TRIGGER_INVALID',
          `${path}.webhook`,
          'expected `notification`, which makes events of what is received, since there is no `poll`; got none.',
        );
      }
    }
    const names = notationOf((trigger as unknown as Trigger).input)?.map((field) => field?.name) ?? [];
    if (typeof startField === 'string' && !names.includes(startField)) {
      this.#fault(
        'TRIGGER_INVALID',
        `${path}.startField`,
        `expected the name of an input field${nearest(startField, names)}; got ${describe(startField)}.`,
      );
    }
  }

  #pickLists(): void {
    const all: unknown = this.#connector.pickLists;
    if (!isPlainObject(all)) return;
    for (const [name, pickList] of Object.entries(all)) {
      const rows = Array.isArray(pickList) ? pickList : undefined;
      const isRow = (row: unknown): boolean => Array.isArray(row) && row.length >= 2 && typeof row[0] === 'string';
      if (typeof pickList === 'function' || rows?.every(isRow)) continue;
      this.#fault(
        'CONNECTOR_INVALID',
        `${this.#name}.pickLists.${name}`,
        `expected a list of [label, value], or a function that gives one; got ${describe(pickList)}.`,
      );
    }
  }

  #functions(key: 'methods' | 'streams'): void {
    const all: unknown = this.#connector[key];
    if (!isPlainObject(all)) return;
    for (const [name, value] of Object.entries(all)) {
      if (typeof value !== 'function') {
        this.#fault(
          'CONNECTOR_INVALID',
          `${this.#name}.${key}.${name}`,
          `expected a function; got ${describe(value)}.`,
        );
      }
    }
  }

  #exceptionHandlers(): void {
    const all: unknown = this.#connector.exceptionHandlers;
    if (!Array.isArray(all)) return;
    all.forEach((entry: unknown, index) => {
      const [errorClass, handler, code] = Array.isArray(entry) ? (entry as unknown[]) : [];
      const isEntry =
        typeof errorClass === 'function' &&
        (handler === null || typeof handler === 'function') &&
        (code === null || typeof code === 'string');
      if (isEntry) return;
      this.#fault(
        'CONNECTOR_INVALID',
        `${this.#name}.exceptionHandlers[${index}]`,
        `expected [error class, handler or null, code or null]; got ${describe(entry)}.`,
      );
    });
  }

  #notation(source: unknown, path: string): void {
    if (Array.isArray(source)) this.#fields(source, path);
    else if (isPlainObject(source) && !Object.values(this.#connector.objects ?? {}).includes(source as never)) {
      this.#fault(
        'NOTATION_INVALID',
        path,
        "expected a list of fields, or one of the connector's `objects`; got an object that is none of them.",
      );
    }
  }

  #fields(fields: unknown, path: string): void {
    const { methods, objects, pickLists } = this.#connector;
    const faults = checkFields(fields, path, {
      convertors: new Set(Object.keys(methods ?? {})),
      objects: new Map(Object.entries(objects ?? {})),
      pickLists: new Set(Object.keys(pickLists ?? {})),
      warn: this.#warn,
    });
    faults.forEach(this.#report);
  }
}

function notationOf(source: NotationSource | undefined): Notation | undefined {
  if (Array.isArray(source)) return source as Notation;
  return isPlainObject(source) && Array.isArray(source.fields) ? (source.fields as Notation) : undefined;
}
