/** The pages that a person sees while connecting an account: the form, the way on, the end, and what went wrong. */
import { formParts } from '../connection/connect-form.ts';
import type { FormPart } from '../connection/connect-form.ts';
import type { BrowserStep } from '../connection/connecting.ts';
import type { Connector } from '../connector/definition.ts';
import type { Notation } from '../notation/field.ts';
import { labelize } from '../notation/labelize.ts';
import { asSentence, controlId, renderPart } from './connect-fields.ts';
import { connectPolicy, connectStyle } from './connect-style.ts';
import { attributes, Html, markup } from './html.ts';

/** A page, and the policy under which it is sent. */
export interface Page {
  readonly text: string;
  readonly policy: string;
}

type FormStep = Extract<BrowserStep, { readonly step: 'form' }>;
type EndStep = Extract<BrowserStep, { readonly step: 'end' }>;

/** Where and with what the form is posted. */
export interface FormTarget {
  /** Path of our own origin. */
  readonly action: string;
  /** The session token, which goes along in a hidden control. */
  readonly session: string;
}

/** The form: what the connector asks for, what was entered before (without secrets), and what is wrong with it. */
export function formPage({ connector, notation, values, problems }: FormStep, { action, session }: FormTarget): Page {
  const title = titleOf(connector);
  const parts = formParts(notation, new Map(Object.entries(connector.objects ?? {})));
  const hasProblems = Object.keys(problems).length > 0;
  const state = {
    values: hasProblems ? values : { ...defaultsOf(notation), ...values },
    problems,
    focusPath: placesOf(parts).find(({ path }) => Object.hasOwn(problems, path))?.path,
  };
  return page({
    title: `${hasProblems ? 'Problem: ' : ''}Connect ${title}`,
    hasForm: true,
    content: markup`${logoOf(connector)}
      <h1>Connect ${title}</h1>
      ${leadOf(connector)} ${hasProblems ? problemSummary(problems, parts, title) : undefined}
      <form method="post"${attributes({ action })}>
        <input${attributes({ type: 'hidden', name: 'session', value: session })}>
        ${parts.map((part) => renderPart(part, state))}
        <p class="assurance">${lockIcon}<span>What you enter is kept encrypted and used only for ${title}.</span></p>
        <button type="submit">${isOauth(connector) ? `Continue to ${title}` : 'Connect'}</button>
      </form>`,
  });
}

/** The end where no application waits: connected, or why not. */
export function endPage({ connector, identity, problem }: EndStep): Page {
  const title = titleOf(connector);
  if (problem !== null) {
    return page({
      title: `${title} was not connected`,
      content: markup`<div class="tile bad">${crossIcon}</div>
        <h1>${title} was not connected</h1>
        <p class="lead">${asSentence(problem)}</p>
        <p class="close">You can close this window and connect again from the application.</p>`,
    });
  }
  return page({
    title: `${title} is connected`,
    content: markup`<div class="tile good">${tickIcon}</div>
      <h1>${title} is connected</h1>
      ${identity === null ? undefined : markup`<p class="lead">Connected as <strong>${identity}</strong>.</p>`}
      <p class="close">You can close this window.</p>`,
  });
}

/**
 * Sends the browser on after a post, by a page instead of a redirect: the policy of a form also holds for every redirect
 * that follows its post, in Chromium, and where a provider's sign-in leads nobody knows beforehand.
 */
export function onwardPage(url: string): Page {
  const { host, protocol } = new URL(url);
  const where = host === '' ? 'the application' : host;
  // A link of such a scheme would run as a script or show a page as ours.
  if (unsafeSchemes.has(protocol)) throw new TypeError(`A browser cannot be sent to a ${protocol} URL.`);
  return page({
    title: `Continue to ${where}`,
    head: markup`<meta http-equiv="refresh"${attributes({ content: `0;url=${url}` })}>`,
    content: markup`<h1>Taking you to ${where}…</h1>
      <a class="button"${attributes({ href: url })}>Continue to ${where}</a>`,
  });
}

const unsafeSchemes: ReadonlySet<string> = new Set(['javascript:', 'data:', 'vbscript:', 'blob:', 'file:', 'about:']);

/** What went wrong, for a person: what to do first, the code for whoever is asked. */
export function errorPage(error: {
  readonly heading: string;
  readonly text: string;
  readonly code: string;
  readonly requestId: string;
}): Page {
  return page({
    title: error.heading,
    content: markup`<div class="tile bad">${crossIcon}</div>
      <h1>${error.heading}</h1>
      <p class="lead">${error.text}</p>
      <p class="reference">If you ask for help, give this code: <code>${error.code} ${error.requestId}</code></p>`,
  });
}

interface PageParts {
  readonly title: string;
  readonly content: Html;
  readonly head?: Html;
  readonly hasForm?: boolean;
}

function page({ title, content, head, hasForm = false }: PageParts): Page {
  const { text } = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
${head}
<style>${styleSheet}</style>
</head>
<body>
<main>${content}</main>
<footer>Connections by Plugboard</footer>
</body>
</html>
`;
  return { text, policy: connectPolicy(hasForm) };
}

const styleSheet = new Html(connectStyle);

function titleOf(connector: Connector): string {
  return connector.title ?? labelize(connector.name);
}

/** Only pictures that come with the connector: the page fetches nothing. */
function logoOf(connector: Connector): Html {
  const { logo } = connector;
  if (logo !== undefined && embeddedPicture.test(logo)) {
    return markup`<img class="logo" alt="" width="48" height="48"${attributes({ src: logo })}>`;
  }
  const [first = ''] = titleOf(connector);
  return markup`<div class="tile" aria-hidden="true">${first.toUpperCase()}</div>`;
}

const embeddedPicture = /^data:image\/(?:png|jpeg|gif|webp|avif|svg\+xml)[;,]/;

function leadOf({ help, description }: Connector): Html | undefined {
  const { body, learnMoreUrl, learnMoreText } =
    typeof help === 'object' ? help : { body: help ?? description, learnMoreUrl: undefined, learnMoreText: undefined };
  if (body === undefined) return undefined;
  if (!learnMoreUrl?.startsWith('https://')) return markup`<p class="lead">${body}</p>`;
  const link = markup`<a${attributes({ href: learnMoreUrl, target: '_blank', rel: 'noopener noreferrer' })}>${learnMoreText ?? 'Learn more'}<span class="unseen"> (opens in a new tab)</span></a>`;
  return markup`<p class="lead">${body} ${link}</p>`;
}

function isOauth({ connection }: Connector): boolean {
  return connection?.authorization?.type === 'oauth2';
}

/** Every place that a problem can be about, in the order of the page. */
function placesOf(parts: readonly FormPart[]): readonly FormPart[] {
  return parts.flatMap((part) => {
    if (!('parts' in part)) return [part];
    return part.kind === 'object' ? [part, ...placesOf(part.parts)] : placesOf(part.parts);
  });
}

/** Each problem once more above the form, with the way to its control. */
function problemSummary(problems: FormStep['problems'], parts: readonly FormPart[], title: string): Html {
  const places = placesOf(parts);
  const linked = places.filter(({ path }) => Object.hasOwn(problems, path));
  const others = Object.keys(problems).filter((path) => !linked.some((place) => place.path === path));
  const secrets = places.some((part) => 'isSecret' in part && part.isSecret);
  const items = linked.map(
    ({ path, label }) =>
      markup`<li><a href="#${encodeURIComponent(controlId(path))}">${label}</a>: ${asSentence(problems[path] ?? '')}</li>`,
  );
  // With no control to go to, the focus comes here, so that the problem is read first.
  return markup`<div class="alert" role="alert" tabindex="-1"${attributes({ autofocus: linked.length === 0 })}>
    <h2>${title} is not connected yet</h2>
    ${others.map((path) => markup`<p>${asSentence(problems[path] ?? '')}</p>`)}
    ${items.length === 0 ? undefined : markup`<ul>${items}</ul>`}
    ${secrets ? markup`<p>Secrets are not shown again: please enter them once more.</p>` : undefined}
  </div>`;
}

function defaultsOf(notation: Notation): Record<string, unknown> {
  return Object.fromEntries(
    notation.flatMap((field) => (field.default === undefined ? [] : [[field.name, field.default]])),
  );
}

const icon = (path: string): Html =>
  new Html(
    `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.25" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${path}</svg>`,
  );
const tickIcon = icon('<path d="M5 12.5l4.5 4.5L19 7.5"/>');
const crossIcon = icon('<path d="M7 7l10 10M17 7L7 17"/>');
const lockIcon = icon('<rect x="5" y="11" width="14" height="9" rx="2"/><path d="M8 11V8a4 4 0 0 1 8 0v3"/>');
