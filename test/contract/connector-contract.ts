/** What every connector has to satisfy; run for each folder in `connectors/`. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Action, Connector, NotationSource, Presentation, Trigger } from '../../src/connector/definition.ts';
import { findByName } from '../../src/connector/find-by-name.ts';
import { loadConnectors, type LoadedConnectors } from '../../src/connector/load-connectors.ts';
import { coerceOptions } from '../../src/connector/run-action.ts';
import type { SenderOptions } from '../../src/http/send.ts';
import { compileOutput } from '../../src/notation/coerce.ts';
import { streamFieldOf, type Field, type Notation, type ObjectDefinition } from '../../src/notation/field.ts';
import { labelize } from '../../src/notation/labelize.ts';
import { callConnector, type ConnectorCaller } from '../support/connector-call.ts';
import { testWebhookTrigger, type WebhookExercise } from './webhook-contract.ts';

const projectFolder = resolve(import.meta.dirname, '../..');

/** The order in which every action and trigger says things, so that who has read one can read all. */
const uniformOrder = `
  title subtitle description hint help displayPriority deprecated graphqlName capability
  readOnly idempotent idempotencyKey batch maxBatchSize lacks scopes
  type startField intervalMs intervalHeader lookBackMs conditional maxPagesPerTick
  configFields input output list paginate isSuccess retryOnResponse retryOnRequest maxRetries
  execute poll webhook documentId sortBy dedup
  sampleOutput summarizeInput summarizeOutput`
  .trim()
  .split(/\s+/);

/** How a connector's actions and triggers are tried: one call of each, against a provider on loopback. */
export interface ConnectorExercises {
  readonly startProvider: () => Promise<{
    /** Fields of the connection. */
    readonly fields: Readonly<Record<string, unknown>>;
    /** Of OAuth 2.0, where it authorizes so. */
    readonly accessToken?: string;
    readonly senderOptions: SenderOptions;
    /** Requests that the provider did not expect. */
    readonly unmatched: readonly string[];
    readonly close: () => Promise<void>;
  }>;
  /** Arguments by action, named as in the graph; `first` is the size of the page. */
  readonly actions: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Paths of the objects whose structure the provider leaves open, such as `createDeposition.input.further`. */
  readonly openObjects?: readonly string[];
  /** Input by trigger that polls, named as in the notation. */
  readonly triggers: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** By trigger that has a webhook. */
  readonly webhooks?: Readonly<Record<string, WebhookExercise>>;
}

/** Tests that the connector in a folder keeps the promises that all connectors make. */
export function testConnectorFolder(folder: string, exercises: ConnectorExercises): void {
  describe(`the connector in ${relative(projectFolder, folder)}`, () => {
    const files = sourceFiles(folder);
    let found: LoadedConnectors;
    let connector: Connector;

    beforeAll(async () => {
      found = await loadConnectors([folder], (file) => import(pathToFileURL(file).href));
      connector = found.loaded[0]?.connector as Connector;
    });

    it('loads without faults and without warnings', () => {
      expect(found.loaded).toHaveLength(1);
      expect(found.warnings).toEqual([]);
    });

    it('is named after its folder, and says what it is', () => {
      expect(connector.name.replaceAll('_', '-')).toBe(basename(folder));
      expect(connector.title).toEqual(expect.any(String));
      expect(connector.description).toEqual(expect.any(String));
      expect(typeof connector.test).toBe('function');
    });

    describe('its files', () => {
      it('are connector.ts, objects.ts, actions/<verb-noun>.ts and triggers/<noun>.ts', () => {
        const names = files.map((file) => relative(folder, file).replaceAll(sep, '/'));
        expect(names).toEqual(expect.arrayContaining(['connector.ts', 'objects.ts']));
        const misplaced = names.filter(
          (name) => !/^(?:[a-z][a-z0-9-]*|actions\/[a-z]+(?:-[a-z0-9]+)+|triggers\/[a-z][a-z0-9-]*)\.ts$/.test(name),
        );
        expect(misplaced).toEqual([]);
      });

      it('import the own folder and src/connector/define.ts only', () => {
        const allowed = resolve(projectFolder, 'src/connector/define.ts');
        const foreign = files.flatMap((file) =>
          importsOf(file)
            .filter((specifier) => {
              const target = resolve(file, '..', specifier);
              return !specifier.startsWith('.') || (target !== allowed && !target.startsWith(folder + sep));
            })
            .map((specifier) => `${relative(folder, file)}: ${specifier}`),
        );
        expect(foreign).toEqual([]);
      });

      it('give each action and trigger a file that is named after it and exports it alone', () => {
        for (const kind of ['actions', 'triggers'] as const) {
          const declared = Object.keys(connector[kind] ?? {})
            .map(kebabCase)
            .sort();
          const inFiles = files.filter((file) => basename(resolve(file, '..')) === kind);
          expect(inFiles.map((file) => basename(file, '.ts')).sort()).toEqual(declared);
          for (const file of inFiles) {
            const exported = [...readFileSync(file, 'utf8').matchAll(/^export (?:const|function) (\w+)/gm)];
            expect(exported.map(([, name]) => kebabCase(name ?? ''))).toEqual([basename(file, '.ts')]);
          }
        }
      });

      it('begin with a comment that says what they hold', () => {
        const without = files.filter((file) => !/^\/\*\*\s(?:\s\*\s)?\S/.test(readFileSync(file, 'utf8')));
        expect(without.map((file) => relative(folder, file))).toEqual([]);
      });

      it('leave credentials to `apply`: no action and no trigger touches them', () => {
        const secrets = secretFields(connector).map((field) => field.name);
        const touching = files
          .filter((file) => /[\\/](?:actions|triggers)[\\/]/.test(file))
          .filter((file) => {
            const code = withoutComments(readFileSync(file, 'utf8'));
            return /connection\.fields|authorization/i.test(code) || secrets.some((name) => code.includes(`.${name}`));
          });
        expect(touching.map((file) => relative(folder, file))).toEqual([]);
      });
    });

    it('keeps secrets in fields that are not shown', () => {
      const shown = (connector.connection?.fields ?? []).filter(
        (field) => /token|secret|password|api_?key/i.test(field.name) && field.controlType !== 'password',
      );
      expect(shown.map((field) => field.name)).toEqual([]);
    });

    it('gives every action and trigger a title, and a hint or a link to the documentation', () => {
      for (const [name, part] of partsOf(connector)) {
        const link = typeof part.help === 'object' ? part.help.learnMoreUrl : undefined;
        expect({ name, title: part.title, told: part.hint ?? link }).toEqual({
          name,
          title: expect.stringMatching(/^[A-Z]/),
          told: expect.stringMatching(link === undefined ? /\w{3}/ : /^https:\/\//),
        });
      }
    });

    it('says everything in the same order', () => {
      for (const [name, part] of partsOf(connector)) {
        const keys = Object.keys(part);
        expect([name, ...keys]).toEqual([name, ...uniformOrder.filter((key) => keys.includes(key))]);
      }
    });

    it('lists the scopes of every action and trigger, were it none', () => {
      const unlisted = partsOf(connector).filter(([, part]) => !Array.isArray(part.scopes));
      expect(unlisted.map(([name]) => name)).toEqual([]);
    });

    it('marks what only reads as reading, and nothing else', () => {
      for (const [name, action] of Object.entries(connector.actions ?? {})) {
        const reads = /^(?:get|list|search|find|count|read|download)(?:_|[A-Z])/.test(name);
        expect({ name, readOnly: action.readOnly === true }).toEqual({ name, readOnly: reads });
      }
    });

    it('types the input of every action and trigger that needs one, and every output', () => {
      for (const [name, part] of partsOf(connector)) {
        expect({ name, output: typeOf(part.output) }).toEqual({ name, output: 'typed' });
        if (part.input !== undefined) expect({ name, input: typeOf(part.input) }).toEqual({ name, input: 'typed' });
      }
    });

    it('leaves no object without properties where the structure is known', () => {
      const untyped = allFields(connector).filter(
        ([, field]) =>
          elementType(field) === 'object' && field.properties === undefined && typeof field.of !== 'object',
      );
      expect(untyped.map(([path]) => path)).toEqual(exercises.openObjects ?? []);
    });

    it('describes what a person fills in, and labels nothing twice', () => {
      for (const [name, part] of partsOf(connector)) {
        const silent = fieldsOf(part.input).filter((field) => field.hint === undefined && field.label === undefined);
        expect({ name, silent: silent.map((field) => field.name) }).toEqual({ name, silent: [] });
      }
      const repeated = allFields(connector).filter(([, field]) => field.label === labelize(field.name));
      expect(repeated.map(([path]) => path)).toEqual([]);
    });

    it('has a lookup for every object with a key, and requires the key', () => {
      for (const [name, object] of Object.entries(connector.objects ?? {})) {
        if (object.key === undefined) continue;
        const key = object.fields.find((field) => field.name === object.key);
        const lookup = findByName(connector.actions, object.lookup ?? '')?.[1];
        expect({ name, keyIsRequired: key?.optional === false, givesItself: lookup?.output === object }).toEqual({
          name,
          keyIsRequired: true,
          givesItself: true,
        });
        const batch = object.batch === undefined ? undefined : findByName(connector.actions, object.batch)?.[1];
        if (batch) expect({ name, givesItself: batch.output === object }).toEqual({ name, givesItself: true });
      }
    });

    it('tells events of every trigger apart, and names the field that means "since"', () => {
      for (const [name, trigger] of Object.entries(connector.triggers ?? {})) {
        const hasId = fieldsOf(trigger.output).some((field) => field.name.toLowerCase() === 'id');
        const tells = trigger.dedup ?? trigger.documentId ?? (hasId && trigger.type === 'paging_desc');
        expect({ name, tells: Boolean(tells) }).toEqual({ name, tells: true });
        const start = fieldsOf(trigger.input).find((field) => field.name === trigger.startField);
        if (trigger.poll) expect({ name, start: start?.type }).toEqual({ name, start: 'date_time' });
      }
    });

    describe('asked once for everything', () => {
      let provider: Awaited<ReturnType<ConnectorExercises['startProvider']>>;
      let caller: ConnectorCaller;

      beforeAll(async () => {
        provider = await exercises.startProvider();
        caller = callConnector(connector, provider.fields, provider.senderOptions, provider.accessToken);
      });
      afterAll(async () => {
        await caller.close();
        await provider.close();
      });

      it('has an exercise for every action and trigger', () => {
        expect(Object.keys(exercises.actions).sort()).toEqual(Object.keys(connector.actions ?? {}).sort());
        const triggers = Object.entries(connector.triggers ?? {});
        const named = (has: (trigger: Trigger) => unknown) =>
          triggers.filter(([, each]) => has(each)).map(([name]) => name);
        expect(Object.keys(exercises.triggers).sort()).toEqual(named(({ poll }) => poll).sort());
        expect(Object.keys(exercises.webhooks ?? {}).sort()).toEqual(named(({ webhook }) => webhook).sort());
      });

      it.each(Object.entries(exercises.actions))(
        'gives rows of its output from %s',
        async (name, { first, ...args }) => {
          const rows = await caller.rows(name, args, first as number | undefined);
          expect(rows.length).toBeGreaterThan(0);
          const { output } = (connector.actions as Record<string, Action>)[name] as Action;
          expectRows(connector, output, rows);
          expect(provider.unmatched).toEqual([]);
        },
      );

      // Jest refuses an empty table.
      const triggers = Object.entries(exercises.triggers);
      if (triggers.length === 0) return;
      it.each(triggers)('gives a page of events from %s', async (name, input) => {
        const trigger = (connector.triggers as Record<string, Trigger>)[name] as Trigger;
        const page = await caller.poll(name, input);
        expect(page.events.length).toBeGreaterThan(0);
        expectRows(connector, trigger.output, page.events);
        const cursor: unknown = trigger.type === 'paging_desc' ? page.nextPage : page.nextPoll;
        // A cursor is stored, so it has to survive being written.
        expect(JSON.parse(JSON.stringify({ cursor }))).toEqual(cursor === undefined ? {} : { cursor });
        if (trigger.type !== 'paging_desc') {
          expect(cursor).toBeDefined();
          expect(typeof page.canPollMore).toBe('boolean');
        }
        expect(provider.unmatched).toEqual([]);
      });

      it.each(triggers)('gives the same events from %s, however often it is polled', async (name, input) => {
        const trigger = caller.trigger(name);
        const poll = async () => (await trigger.poll(caller.run, input, undefined)).rows.map(trigger.readEvent);
        const [first, second] = [await poll(), await poll()];
        expect(first.length).toBeGreaterThan(0);
        expect(second.map(({ signature }) => signature)).toEqual(first.map(({ signature }) => signature));
        expect(new Set(first.map(({ signature }) => signature)).size).toBe(first.length);
        // What is kept of an event says as much as the event did.
        const kept = first.map(({ payload }) => JSON.parse(payload) as unknown);
        expectRows(connector, trigger.definition.output, kept);
        expect(kept.map((row) => trigger.readEvent(row).signature)).toEqual(first.map(({ signature }) => signature));
      });
    });

    for (const [name, exercise] of Object.entries(exercises.webhooks ?? {})) {
      testWebhookTrigger(name, exercise, () => connector);
    }
  });
}

/** Every declared field of the rows has a value of its type, and an entity has its key. */
function expectRows(connector: Connector, output: Action['output'], rows: readonly unknown[]): void {
  if (streamFieldOf(fieldsOf(output))) {
    expect(rows).toEqual([{ content: expect.stringMatching(/./) }]);
    return;
  }
  const read = compileOutput(fieldsOf(output), coerceOptions(connector));
  const key = typeof output === 'object' && 'key' in output ? output.key : undefined;
  for (const row of rows) {
    const coerced = read(row);
    // One of one, else two at least: an id alone says nothing.
    expect(Object.keys(coerced ?? {}).length).toBeGreaterThanOrEqual(Math.min(2, fieldsOf(output).length));
    if (key !== undefined) expect(coerced?.[key]).toEqual(expect.anything());
  }
}

/** Folders of connectors, absolute. */
export function connectorFolders(): string[] {
  const parent = join(projectFolder, 'connectors');
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(parent, entry.name));
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function importsOf(file: string): string[] {
  const code = withoutComments(readFileSync(file, 'utf8'));
  return [...code.matchAll(/(?:\}|\w) from\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g)].map(
    ([, named, whole]) => named ?? whole ?? '',
  );
}

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

function kebabCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])|_/g, '-').toLowerCase();
}

function partsOf(connector: Connector): [string, Presentation & Pick<Action & Trigger, 'input' | 'output'>][] {
  return [...Object.entries(connector.actions ?? {}), ...Object.entries(connector.triggers ?? {})];
}

function secretFields(connector: Connector): readonly Field[] {
  return (connector.connection?.fields ?? []).filter((field) => field.controlType === 'password');
}

function typeOf(source: NotationSource | undefined): 'typed' | 'json' {
  return fieldsOf(source).length > 0 ? 'typed' : 'json';
}

function fieldsOf(source: NotationSource | undefined): Notation {
  if (source === undefined || typeof source === 'function') return [];
  return 'fields' in source ? source.fields : source;
}

function elementType(field: Field): string {
  const { type = 'string', of = 'object' } = field;
  if (type !== 'array') return type;
  return typeof of === 'object' ? 'named' : of;
}

/** Every field of the connector, with its path. */
function allFields(connector: Connector): [string, Field][] {
  const roots: [string, NotationSource | undefined][] = [
    ...Object.entries(connector.objects ?? {}).map(([name, object]): [string, NotationSource] => [name, object]),
    ...partsOf(connector).flatMap(([name, part]): [string, NotationSource | undefined][] => [
      [`${name}.input`, part.input],
      [`${name}.output`, part.output],
    ]),
  ];
  const seen = new Set<Notation | ObjectDefinition>();
  const visit = (path: string, notation: Notation): [string, Field][] => {
    if (seen.has(notation)) return [];
    seen.add(notation);
    return notation.flatMap((field): [string, Field][] => {
      const at = `${path}.${field.name}`;
      const nested = typeof field.of === 'object' ? field.of : field.properties;
      return [[at, field], ...(nested === undefined || typeof nested === 'string' ? [] : visit(at, fieldsOf(nested)))];
    });
  };
  return roots.flatMap(([path, source]) => visit(path, fieldsOf(source)));
}
