/** The pages a user sees: plain HTML forms without scripts, with the selectors #subject, #login, #allow and #deny. */

/** @param {unknown} text */
const escape = (text) => String(text).replace(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`);

/** @param {string} kind @param {string} body @param {string} [subject] */
const page = (kind, body, subject = '') =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Test provider: ${kind}</title></head>` +
  `<body data-page="${kind}" data-subject="${escape(subject)}"><main>${body}</main></body></html>`;

const loginPage = () =>
  page(
    'login',
    '<h1>Sign in</h1><form method="post"><label>Account <input id="subject" name="subject" value="alice"></label>' +
      '<button id="login" name="action" value="login">Sign in</button> ' +
      '<button id="deny" name="action" value="deny">Cancel</button></form>',
  );

/** @param {string} clientId @param {string} subject @param {readonly string[]} scopes */
const consentPage = (clientId, subject, scopes) =>
  page(
    'consent',
    `<h1>Allow ${escape(clientId)}?</h1><p>Signed in as <b id="account">${escape(subject)}</b></p><form method="post">` +
      scopes
        .map(
          (scope) =>
            `<p><label><input type="checkbox" name="scope" value="${escape(scope)}" checked> ${escape(scope)}</label></p>`,
        )
        .join('') +
      '<button id="allow" name="action" value="allow">Allow</button> ' +
      '<button id="deny" name="action" value="deny">Deny</button></form>',
    subject,
  );

/** @param {string} form */
export const deviceInputPage = (form) =>
  page(
    'device-input',
    `<h1>Enter the code</h1>${form}<button id="continue" form="op.deviceInputForm">Continue</button>`,
  );

/** @param {string} form */
export const deviceConfirmPage = (form) =>
  page(
    'device-confirm',
    `<h1>Confirm the code</h1>${form}<button id="confirm" form="op.deviceConfirmForm">Continue</button>` +
      '<button id="abort" form="op.deviceConfirmForm" name="abort" value="yes">Abort</button>',
  );

export const donePage = () => page('done', '<h1>Done</h1><p>You can go back to your device.</p>');

/** @param {{ error: string, error_description?: string }} out */
export const errorPage = (out) =>
  page('error', `<h1>Error</h1><p id="error">${escape(out.error)}: ${escape(out.error_description ?? '')}</p>`);

/**
 * Shows and takes in the pages of one interaction.
 *
 * @param {import('oidc-provider').Provider} provider
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {string} body
 */
export async function serveInteraction(provider, request, response, body) {
  const interaction = await provider.interactionDetails(request, response);
  const isLogin = interaction.prompt.name === 'login';
  if (request.method === 'POST') {
    const form = new URLSearchParams(body);
    const result = await resultOf(provider, interaction, form);
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: !isLogin });
    return;
  }
  const html = isLogin
    ? loginPage()
    : consentPage(String(interaction.params.client_id), interaction.session?.accountId ?? '', askedScopes(interaction));
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(html);
}

/** @param {any} interaction @returns {string[]} */
function askedScopes(interaction) {
  const { missingOIDCScope = [], missingResourceScopes = {} } = interaction.prompt.details;
  return [...new Set([...missingOIDCScope, ...Object.values(missingResourceScopes).flat()])];
}

/** @param {import('oidc-provider').Provider} provider @param {any} interaction @param {URLSearchParams} form */
async function resultOf(provider, interaction, form) {
  if (form.get('action') === 'deny') {
    return { error: 'access_denied', error_description: 'The user said no.' };
  }
  if (interaction.prompt.name === 'login') return { login: { accountId: form.get('subject') || 'alice' } };

  const allowed = new Set(form.getAll('scope'));
  const grant = new provider.Grant({
    accountId: interaction.session.accountId,
    clientId: String(interaction.params.client_id),
  });
  const { missingOIDCScope = [], missingOIDCClaims = [], missingResourceScopes = {} } = interaction.prompt.details;
  for (const scope of missingOIDCScope) {
    if (allowed.has(scope)) grant.addOIDCScope(scope);
    else grant.rejectOIDCScope(scope);
  }
  grant.addOIDCClaims(missingOIDCClaims);
  for (const [resource, scopes] of Object.entries(missingResourceScopes)) {
    for (const scope of /** @type {string[]} */ (scopes)) {
      if (allowed.has(scope)) grant.addResourceScope(resource, scope);
      else grant.rejectResourceScope(resource, scope);
    }
  }
  return { consent: { grantId: await grant.save() } };
}
