/** A `Connecting` that answers browsers as the test says, and remembers what it was asked. */
import type { BrowserStep, Connecting } from '../../src/connection/connecting.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { AuthorizationError } from '../../src/errors.ts';
import type { Notation } from '../../src/notation/field.ts';

export interface ScriptedConnecting extends Connecting {
  /** Name of the method and its arguments, the latest last. */
  readonly calls: readonly (readonly [string, ...unknown[]])[];
}

export interface Script {
  readonly openSession?: Step;
  readonly submitSession?: Step;
  readonly returnFromProvider?: Step;
}

type Step = BrowserStep | Error | ((...args: any[]) => BrowserStep | Promise<BrowserStep>);

/** Methods without a script refuse, as for a session or flow that is unknown. */
export function scriptedConnecting(script: Script = {}): ScriptedConnecting {
  const calls: [string, ...unknown[]][] = [];
  const answer =
    (name: keyof Script, code: 'SESSION_INVALID' | 'FLOW_INVALID') =>
    async (...args: unknown[]): Promise<BrowserStep> => {
      calls.push([name, ...args]);
      const step = script[name] ?? new AuthorizationError(code, 'There is no such session. Begin again.');
      if (step instanceof Error) throw step;
      return typeof step === 'function' ? step(...args) : step;
    };
  const notForBrowsers = (): never => {
    throw new Error('No browser may cause this.');
  };
  return {
    calls,
    openSession: answer('openSession', 'SESSION_INVALID'),
    submitSession: answer('submitSession', 'SESSION_INVALID'),
    returnFromProvider: answer('returnFromProvider', 'FLOW_INVALID'),
    begin: notForBrowsers,
    beginAgain: notForBrowsers,
    adopt: notForBrowsers,
    advance: async (record) => record,
    finish: notForBrowsers,
    test: notForBrowsers,
    disconnect: notForBrowsers,
  };
}

/**
 * Sessions of one browser each, as the real one binds them: the first browser that comes has it, and the form is taken
 * once. The right API key is `right`.
 */
export function boundConnecting(notation: Notation, connector: Connector = acme): ScriptedConnecting {
  const browserOf = new Map<string, string>();
  const used = new Set<string>();
  const check = (name: string, token: string, browser: string): void => {
    if (!browserOf.has(token)) browserOf.set(token, browser);
    if (name !== connector.name || !token.startsWith('good') || used.has(token) || browserOf.get(token) !== browser) {
      throw new AuthorizationError('SESSION_INVALID', 'The session is not there, or not of this browser. Begin again.');
    }
  };
  return scriptedConnecting({
    openSession: (name: string, token: string, browser: string) => {
      check(name, token, browser);
      return { step: 'form', connector, notation, values: {}, problems: {} };
    },
    submitSession: (name: string, token: string, browser: string, values: Readonly<Record<string, string>>) => {
      check(name, token, browser);
      if (values.api_key !== 'right') {
        const { api_key: _secret, ...shown } = values;
        const problems = { api_key: 'Acme does not know this key (401). Copy it again.' };
        return { step: 'form', connector, notation, values: shown, problems };
      }
      used.add(token);
      return { step: 'end', connector, identity: 'ada@acme.example', problem: null };
    },
  });
}

/** A connector as the pages see it. */
export const acme: Connector = {
  name: 'acme',
  title: 'Acme Cloud',
  description: 'Invoices and customers of your Acme account.',
};
