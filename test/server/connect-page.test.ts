import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { BrowserStep } from '../../src/connection/connecting.ts';
import type { Connector } from '../../src/connector/definition.ts';
import type { Notation } from '../../src/notation/field.ts';
import { endPage, errorPage, formPage, onwardPage } from '../../src/server/connect-page.ts';
import { acme } from '../support/scripted-connecting.ts';

type Form = Extract<BrowserStep, { step: 'form' }>;

const hostile = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;`;
const escaped = '&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&#39;alert(2)&#39;&gt;&amp;amp;';

describe('the form', () => {
  it('asks each field by the control that fits', () => {
    const controls = controlsOf([
      { name: 'user', optional: false },
      { name: 'password', controlType: 'password', optional: false },
      { name: 'client_secret' },
      { name: 'mail', controlType: 'email' },
      { name: 'site', controlType: 'url' },
      { name: 'phone', controlType: 'phone' },
      { name: 'since', type: 'date' },
      { name: 'port', type: 'integer' },
      { name: 'ratio', type: 'number' },
      { name: 'big', type: 'integer', format: 'int64' },
    ]);
    expect(controls).toEqual({
      user: { type: 'text', required: true },
      password: { type: 'password', required: true, autocomplete: 'off' },
      client_secret: { type: 'password', autocomplete: 'off' },
      mail: { type: 'email' },
      site: { type: 'url' },
      phone: { type: 'tel' },
      since: { type: 'date' },
      port: { type: 'number', step: '1' },
      ratio: { type: 'number', step: 'any' },
      big: { type: 'text', inputmode: 'decimal' },
    });
  });
  it('says which fields are optional, and gives each hint to its control', () => {
    const text = render([
      { name: 'key', optional: false, hint: 'Under Settings.' },
      { name: 'team', label: 'Your team' },
    ]);
    expect(text).toContain('<label for="field-key">Key</label>');
    expect(text).toContain('<p class="hint" id="field-key-hint">Under Settings.</p>');
    expect(text).toContain('aria-describedby="field-key-hint"');
    expect(text).toContain('<label for="field-team">Your team <span class="optional">(optional)</span></label>');
  });
  it('offers choices, with what was chosen before', () => {
    const text = render(
      [
        {
          name: 'region',
          optional: false,
          pickList: [
            ['Europe', 'eu'],
            ['US', 'us'],
          ],
        },
      ],
      {
        values: { region: 'us' },
      },
    );
    expect(text).toContain('<option value="">Choose one</option><option value="eu">Europe</option>');
    expect(text).toContain('<option value="us" selected>US</option>');
  });
  it('fills in defaults at first, and afterwards only what was entered', () => {
    const notation: Notation = [
      { name: 'host', default: 'api.acme.example' },
      { name: 'on', type: 'boolean', default: true },
    ];
    expect(render(notation)).toContain('value="api.acme.example"');
    expect(render(notation)).toContain('value="true" checked');
    const again = render(notation, { values: {}, problems: { '': 'No.' } });
    expect(again).not.toContain('api.acme.example');
    expect(again).not.toContain('checked');
  });
  it('never writes a secret back, however deep it lies', () => {
    const notation: Notation = [
      { name: 'api_key', controlType: 'password', default: 'SECRET' },
      { name: 'private_key', controlType: 'text-area' },
      { name: 'account', type: 'object', properties: [{ name: 'client_secret' }] },
      { name: 'a', toggleField: { name: 'access_token', type: 'string' } },
    ];
    const values = {
      api_key: 'SECRET',
      private_key: 'SECRET',
      account: { client_secret: 'SECRET' },
      access_token: 'SECRET',
    };
    expect(render(notation, { values })).not.toContain('SECRET');
    expect(render(notation, { values, problems: { '': 'No.' } })).toContain('Secrets are not shown again');
  });
  it('shows each problem beside its field and above the form, and puts the focus on the first', () => {
    const text = render([{ name: 'a' }, { name: 'b', hint: 'Say b.' }, { name: 'c' }], {
      problems: { c: 'expected a c.', b: 'expected a b.', '': 'Acme refused it (401).' },
    });
    expect(text).toContain('<title>Problem: Connect Acme Cloud</title>');
    expect(text).toMatch(/<div class="alert" role="alert" tabindex="-1">/);
    expect(text).toContain('<p>Acme refused it (401).</p>');
    expect(text).toMatch(/<a href="#field-b">B<\/a>: Expected a b\..*<a href="#field-c">C<\/a>: Expected a c\./s);
    expect(text).toContain('id="field-b-problem"><span class="unseen">Problem: </span>Expected a b.</p>');
    expect(text).toContain('aria-describedby="field-b-hint field-b-problem" aria-invalid="true" autofocus');
    expect(text.match(/autofocus/g)).toHaveLength(1);
  });
  it('puts the focus on the problem itself when it belongs to no field', () => {
    const text = render([{ name: 'a' }], { problems: { '': 'Acme refused it.', gone: 'nobody asks for it.' } });
    expect(text).toContain('role="alert" tabindex="-1" autofocus>');
    expect(text).toContain('<p>Nobody asks for it.</p>');
  });
  it('asks for nested objects, lists, JSON and either of two in a form without scripts', () => {
    const text = render(
      [
        { name: 'account', type: 'object', properties: [{ name: 'id', optional: false }] },
        { name: 'hosts', type: 'array', of: 'string' },
        { name: 'extra', type: 'object' },
        {
          name: 'token',
          optional: false,
          toggleField: { name: 'file', type: 'string', controlType: 'text-area', optional: false },
        },
        { name: 'team', controlType: 'subdomain', url: '.acme.example' },
        {
          name: 'scopes',
          controlType: 'multiselect',
          pickList: [
            ['Read', 'r'],
            ['Write', 'w'],
          ],
        },
      ],
      { values: { account: { id: 7 }, hosts: ['a', 'b'], extra: { x: 1 }, scopes: 'w' } },
    );
    expect(text).toMatch(
      /<legend>Account <span.*<input id="field-account\.id" name="field\.account\.id"[^>]*value="7">/s,
    );
    // The object may be left out, so no browser insists on what it would need.
    expect(text).not.toMatch(/<input id="field-account\.id"[^>]* required/);
    expect(text).toMatch(/name="field\.hosts"[^>]*>\na\nb<\/textarea>/);
    expect(text).toContain('One a line.');
    expect(text).toMatch(/name="field\.extra"[^>]*>\n\{\n  &quot;x&quot;: 1\n\}<\/textarea>/);
    expect(text).toMatch(/<legend>Token or File<\/legend>\s*<p class="hint">Fill in one of the two\.<\/p>/);
    expect(text).toMatch(
      /name="field\.team"[^>]*aria-describedby="field-team-suffix"[^>]*><span id="field-team-suffix">\.acme\.example<\/span>/,
    );
    expect(text).toContain('id="field-scopes-1" name="field.scopes" value="w" checked>');
    expect(text).not.toContain('<script');
  });
  it('shows whatever others wrote as text', () => {
    const notation: Notation = [
      { name: `x ${hostile}`, label: hostile, hint: hostile, url: hostile },
      { name: 'list', type: 'array', of: 'string' },
      { name: 'choice', pickList: [[hostile, hostile]] },
      { name: 'several', controlType: 'multiselect', pickList: [[hostile, hostile]] },
      { name: 'free', pickList: [[hostile, hostile]], toggleField: { name: 'free', type: 'string' } },
      { name: 'group', label: hostile, type: 'object', properties: [{ name: 'in', label: hostile }] },
    ];
    const connector: Connector = {
      name: 'acme',
      title: hostile,
      logo: `data:image/png;base64,${hostile}`,
      help: { body: hostile, learnMoreUrl: `https://acme.example/${hostile}`, learnMoreText: hostile },
    };
    const step: Form = {
      step: 'form',
      connector,
      notation,
      values: { [`x ${hostile}`]: hostile, list: ['</textarea>', hostile], choice: hostile },
      problems: { [`x ${hostile}`]: hostile, choice: hostile, '': hostile },
    };
    const { text } = formPage(step, { action: `/connect/${hostile}`, session: hostile });
    expect(text).toContain(escaped);
    expect(text).not.toMatch(/<script|<img src=x|<\/textarea>\n&|onerror='/);
    expect(text.match(/<\/textarea>/g)).toHaveLength(1);
    const ids = [...text.matchAll(/\bid="([^"]*)"/g)].map(([, id]) => id);
    expect(ids.filter((id) => /\s/.test(id ?? ''))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });
  it('has the same elements whatever the texts are', () => {
    const elements = (text: string): string[] => {
      const notation: Notation = [
        { name: 'a', label: text, hint: text },
        { name: 'b', type: 'array', of: 'string' },
        { name: 'c', pickList: [[text, 'x']] },
      ];
      const step: Form = {
        step: 'form',
        connector: { name: 'acme', title: text, description: text },
        notation,
        values: { a: text, b: [text] },
        problems: { a: text, '': text },
      };
      const page = formPage(step, { action: '/connect/acme', session: text }).text;
      return [...page.matchAll(/<(\/?[a-z][a-z0-9]*)[^<>]*>/gi)].map(([, name]) => name ?? '');
    };
    const usual = elements('text');
    const texts = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.string({
        unit: fc.constantFrom('<', '>', '"', "'", '&', '/', '=', '`', 'script', 'x', ' ', '\n', '-', '!'),
        minLength: 1,
      }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(elements(text)).toEqual(usual);
      }),
    );
  });
  it.each([
    ['https://acme.example/logo.png', false],
    ['data:text/html,<script>', false],
    ['javascript:alert(1)', false],
    ['data:image/svg+xml,%3Csvg%3E', true],
    ['data:image/png;base64,AAAA', true],
  ])('shows a logo only when it came with the connector: %s', (logo, isShown) => {
    const text = render([], {}, { ...acme, logo });
    expect(text.includes('<img')).toBe(isShown);
    expect(text.includes('<div class="tile"')).toBe(!isShown);
  });
  it('links to further help by https only', () => {
    const help = (learnMoreUrl: string) => render([], {}, { ...acme, help: { body: 'Help.', learnMoreUrl } });
    expect(help('https://acme.example/help')).toContain(
      'href="https://acme.example/help" target="_blank" rel="noopener noreferrer"',
    );
    expect(help('javascript:alert(1)')).not.toContain('javascript:');
  });
  it('names the next step of connectors that sign in at the provider', () => {
    const authorization = {
      type: 'oauth2',
      authorizationUrl: 'https://a.example',
      tokenUrl: 'https://a.example',
    } as const;
    expect(render([], {}, { ...acme, connection: { authorization } })).toContain('>Continue to Acme Cloud</button>');
    expect(render([])).toContain('>Connect</button>');
  });
});

describe('the other pages', () => {
  it('say how it ended, in words and as text', () => {
    const good = endPage({ step: 'end', connector: acme, identity: hostile, problem: null }).text;
    expect(good).toContain('<h1>Acme Cloud is connected</h1>');
    expect(good).toContain(`Connected as <strong>${escaped}</strong>.`);
    expect(good).toContain('You can close this window.');
    expect(endPage({ step: 'end', connector: acme, identity: null, problem: null }).text).not.toContain('Connected as');
    const bad = endPage({ step: 'end', connector: acme, identity: null, problem: hostile }).text;
    expect(bad).toContain('<h1>Acme Cloud was not connected</h1>');
    expect(bad).toContain(escaped);
  });
  it('have a language, a title, one heading and no form to post', () => {
    const pages = [
      endPage({ step: 'end', connector: acme, identity: null, problem: null }),
      errorPage({ heading: hostile, text: hostile, code: 'FLOW_INVALID', requestId: 'r-1' }),
      onwardPage('https://login.acme.example/'),
    ];
    for (const { text, policy } of pages) {
      expect(text).toContain('<html lang="en">');
      expect(text).toMatch(/<title>[^<]+<\/title>/);
      expect(text.match(/<h1>/g)).toHaveLength(1);
      expect(text).not.toMatch(/<script|<form|<img/);
      expect(policy).toContain("form-action 'none'");
    }
  });
  it.each(['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'blob:https://a/b'])(
    'lead nobody to %s',
    (url) => {
      expect(() => onwardPage(url)).toThrow('A browser cannot be sent to a ');
    },
  );
  it('lead to the address of a native application', () => {
    expect(onwardPage('com.acme.app:/done?code=c').text).toContain('content="0;url=com.acme.app:/done?code=c"');
  });
});

function render(notation: Notation, state: Partial<Pick<Form, 'values' | 'problems'>> = {}, connector = acme): string {
  const step: Form = { step: 'form', connector, notation, values: {}, problems: {}, ...state };
  return formPage(step, { action: '/connect/acme', session: 'token' }).text;
}

/** What tells the inputs apart, by field name. */
function controlsOf(notation: Notation): Record<string, Record<string, string | true>> {
  const told = ['type', 'required', 'autocomplete', 'step', 'inputmode'];
  const inputs = [...render(notation).matchAll(/<input id="[^"]*" name="field\.([^"]*)"([^>]*)>/g)];
  return Object.fromEntries(
    inputs.map(([, name, rest]) => {
      const pairs = [...(rest ?? '').matchAll(/ ([a-z-]+)(?:="([^"]*)")?/g)];
      return [
        name,
        Object.fromEntries(pairs.flatMap(([, key, value]) => (told.includes(key ?? '') ? [[key, value ?? true]] : []))),
      ];
    }),
  );
}
