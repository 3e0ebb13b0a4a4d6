/** The certified OpenID provider (oidc-provider), set up as a strict authorization server for tests. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Provider } from 'oidc-provider';
import { deviceConfirmPage, deviceInputPage, donePage, errorPage } from './pages.mjs';

// The library asks for a function that Node has only since 22.1.
if (!('parse' in URL)) {
  Object.assign(URL, {
    /** @param {string} url */
    parse(url) {
      try {
        return new URL(url);
      } catch {
        return null;
      }
    },
  });
}

export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const allGrants = ['authorization_code', 'refresh_token', 'client_credentials', deviceGrant];
const identityScopes = ['openid', 'profile', 'email', 'offline_access'];
const never = 10 * 365 * 24 * 3600;

/** The audience of access tokens that have one. @param {string} issuer */
export const audienceOf = (issuer) => `${issuer}/api`;

/**
 * @param {string} issuer
 * @param {any} settings - what `startAuthorizationServer` was given, with its defaults
 * @param {ReturnType<typeof import('./storage.mjs').createStorage>} storage
 */
export function createProvider(issuer, settings, storage) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signingKey = { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'test-key' };
  const provider = new Provider(issuer, {
    adapter: storage.adapterOf,
    jwks: { keys: [signingKey] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    // A token that lives 2 s must be dead after 2 s.
    clockTolerance: 0,
    clientDefaults: { id_token_signed_response_alg: 'ES256', response_types: [] },
    scopes: [...new Set([...identityScopes, ...settings.scopes])],
    claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
    findAccount: (_context, subject) => ({
      accountId: subject,
      claims: () => ({ sub: subject, name: subject, email: `${subject}@example.test` }),
    }),
    pkce: { required: () => settings.pkce === 'required' },
    // `noRotation` and `lifetimeSeconds` are set by the fault plane for one request.
    rotateRefreshToken: (context) => settings.rotation && !requestMarks(context).noRotation,
    issueRefreshToken: (context, client) =>
      client.grantTypeAllowed('refresh_token') && !requestMarks(context).noRefreshToken,
    expiresWithSession: () => false,
    // Each authorization is a grant of its own, so that the consent page is always shown and revocation hits one connection.
    loadExistingGrant: (context) => {
      const grantId = context.oidc.result?.consent?.grantId;
      return grantId ? context.oidc.provider.Grant.find(grantId) : undefined;
    },
    ttl: {
      AccessToken: (context) => requestMarks(context).lifetimeSeconds ?? settings.accessTokenLifetime,
      ClientCredentials: (context) => requestMarks(context).lifetimeSeconds ?? settings.accessTokenLifetime,
      AuthorizationCode: 60,
      DeviceCode: settings.deviceCodeLifetime,
      IdToken: 3600,
      RefreshToken: never,
      Grant: never,
      Session: never,
      Interaction: 3600,
    },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    renderError: (context, out) => {
      context.type = 'html';
      context.body = errorPage(out);
    },
    features: featuresOf(issuer, settings),
  });
  return { provider, signingKey };
}

/** @param {string} issuer @param {any} settings @returns {any} */
function featuresOf(issuer, settings) {
  /** @param {(form: string) => string} render */
  const page = (render) => (/** @type {any} */ context, /** @type {string} */ form) => {
    context.type = 'html';
    context.body = render(form);
  };
  return {
    devInteractions: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true },
    deviceFlow: {
      enabled: true,
      userCodeInputSource: page(deviceInputPage),
      userCodeConfirmSource: page(deviceConfirmPage),
      successSource: page(donePage),
    },
    resourceIndicators: {
      enabled: settings.accessTokens !== 'opaque',
      defaultResource: () => audienceOf(issuer),
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: settings.scopes.join(' '),
        audience: audienceOf(issuer),
        accessTokenFormat: settings.accessTokens === 'jwt' ? 'jwt' : 'opaque',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  };
}

/** What the fault plane asks for this one request. @param {any} context */
function requestMarks(context) {
  return context?.req?.marks ?? {};
}

/** The wire form of one of our clients (RFC 7591). @param {any} client */
export function clientMetadata(client) {
  const authentication = client.authentication ?? 'client_secret_basic';
  const redirectUris = client.redirectUris ?? [];
  const possible = allGrants.filter(
    (grant) =>
      (grant !== 'authorization_code' || redirectUris.length > 0) &&
      (grant !== 'client_credentials' || authentication !== 'none'),
  );
  return {
    client_id: client.clientId,
    client_name: client.clientId,
    ...(authentication === 'none' || authentication === 'private_key_jwt'
      ? {}
      : { client_secret: client.clientSecret ?? 'secret' }),
    token_endpoint_auth_method: authentication,
    redirect_uris: redirectUris,
    response_types: redirectUris.length > 0 ? ['code'] : [],
    grant_types: client.grantTypes ?? possible,
    ...(client.publicKeys ? { jwks: { keys: client.publicKeys } } : {}),
  };
}
