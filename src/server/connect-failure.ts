/** What a person in a browser reads of an error: what happened and what to do, without words for developers. */
import { AuthorizationError, GatewayError, ProviderError } from '../errors.ts';
import { answerTo } from './error-answer.ts';

export interface ConnectFailure {
  readonly status: number;
  readonly heading: string;
  readonly text: string;
  readonly code: string;
  readonly requestId: string;
  /** The cause belongs in the log. */
  readonly isFault: boolean;
}

/**
 * Says an error in plain words. Outside production the message of the error, which speaks to developers, follows.
 */
export function connectFailure(error: unknown, requestId: string, production: boolean): ConnectFailure {
  const { status, body, isFault } = answerTo(error, requestId);
  const [{ message, extensions }] = body.errors;
  const code = String((extensions as { readonly code?: unknown }).code);
  const known = failures[code];
  const { heading, text } = known ?? wordsFor(error, status);
  const details = production || isFault || !(error instanceof GatewayError) ? '' : ` (${message})`;
  return { status: known?.status ?? status, heading, text: text + details, code, requestId, isFault };
}

function wordsFor(error: unknown, status: number): Words {
  if (error instanceof ProviderError) return theirFailure;
  if (status >= 500) return ourFailure;
  return error instanceof AuthorizationError ? notConnected : unreadable;
}

interface Words {
  readonly status?: number;
  readonly heading: string;
  readonly text: string;
}

const linkEnded: Words = {
  // 410, because no later visit will find it again.
  status: 410,
  heading: 'This link no longer works',
  text: 'It was used already, is older than 10 minutes, or was opened in another browser. Go back to the application and connect again.',
};
const notBegun: Words = {
  status: 400,
  heading: 'Begin in the application',
  text: 'Open the application in which you want to use this account, and connect it there.',
};
const flowEnded: Words = {
  status: 400,
  heading: 'This sign-in cannot be finished',
  text: 'It was finished already, took longer than 10 minutes, or was begun in another browser. Go back to the application and connect again.',
};
const notConnected: Words = {
  heading: 'This could not be connected',
  text: 'Go back to the application and connect again.',
};
const notSetUp: Words = {
  status: 503,
  heading: 'This cannot be connected yet',
  text: 'Whoever runs this service has to finish setting it up. Tell them the code below.',
};
const unreadable: Words = {
  heading: 'This request cannot be read',
  text: 'Go back to the application and connect again.',
};
const theirFailure: Words = {
  heading: 'The service did not answer as it should',
  text: 'Nothing was connected. Try again in a few minutes.',
};
const ourFailure: Words = {
  heading: 'Something went wrong on our side',
  text: 'Nothing was connected. Try again in a few minutes.',
};

const failures: Readonly<Record<string, Words>> = {
  SESSION_INVALID: linkEnded,
  SESSION_MISSING: notBegun,
  FLOW_INVALID: flowEnded,
  AUTHORIZATION_FLOW_UNKNOWN: flowEnded,
  AUTHORIZATION_FLOW_FOREIGN: flowEnded,
  COOKIE_REQUIRED: {
    status: 400,
    heading: 'Your browser refused our cookie',
    text: 'It is needed to tell that it was you who began. Allow cookies for this site, then open the link in the application again.',
  },
  ORIGIN_REFUSED: {
    status: 403,
    heading: 'This form came from another site',
    text: 'For your safety nothing was done. Go back to the application and connect again.',
  },
  BODY_TOO_LARGE: {
    status: 413,
    heading: 'What you entered is too long',
    text: 'Go back and enter less.',
  },
  REGISTRATION_REQUIRED: notSetUp,
  REGISTRATION_REFUSED: notSetUp,
  AUTHORIZATION_SERVER_INVALID: notSetUp,
  CONNECTOR_UNKNOWN: {
    status: 404,
    heading: 'This cannot be connected here',
    text: 'Go back to the application and choose something else.',
  },
  CONNECTION_EXISTS: {
    status: 409,
    heading: 'This is connected already',
    text: 'You can close this window.',
  },
  CONNECTION_DENIED: {
    status: 400,
    heading: 'The connection was not allowed',
    text: 'Nothing was connected. Go back to the application to try again.',
  },
  METHOD_NOT_ALLOWED: { status: 405, ...unreadable },
};
