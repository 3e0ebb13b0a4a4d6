/** What a user sees at the demo's authorization server: who are you, do you allow it. Without JavaScript. */

interface PersonShown {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

/** One button a user; the demo asks for no password. */
export function loginPage(request: string, users: readonly PersonShown[]): string {
  const buttons = users.map(
    ({ id, name, email }) =>
      `<button name="user" value="${escape(id)}"><strong>${escape(name)}</strong><br>${escape(email)}</button>`,
  );
  return page(
    'Sign in to My calendar',
    `<p>This is the demo's authorization server. Who are you?</p>
    <form method="post" action="/login">${hidden(request)}${buttons.join('')}</form>`,
  );
}

/** What the client asks for; what is unticked is not granted. */
export function consentPage(
  request: string,
  user: PersonShown,
  asked: readonly { readonly scope: string; readonly meaning: string }[],
): string {
  const boxes = asked.map(
    ({ scope, meaning }) =>
      `<label><input type="checkbox" name="scope" value="${escape(scope)}" checked> ${escape(meaning)}</label>`,
  );
  return page(
    'Allow Plugboard?',
    `<p>${escape(user.name)}, Plugboard wants to use your calendar:</p>
    <form method="post" action="/consent">${hidden(request)}${boxes.join('')}
      <button name="decision" value="allow">Allow</button><button name="decision" value="deny">Do not allow</button>
    </form>`,
  );
}

export function refusalPage(text: string): string {
  return page('This does not work', `<p>${escape(text)}</p>`);
}

function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body><main><h1>${escape(title)}</h1>${content}</main></body>
</html>
`;
}

const style = `
body { font: 1rem/1.5 system-ui, sans-serif; background: #f3f1ec; color: #1c1c1c; margin: 0 }
main { max-width: 24rem; margin: 12vh auto; padding: 2rem; background: #fff; border-radius: .75rem }
h1 { font-size: 1.4rem; margin: 0 0 1rem }
button { display: block; width: 100%; margin: .75rem 0 0; padding: .75rem 1rem; font: inherit; text-align: left;
  background: #fff; border: 1px solid #6b6b6b; border-radius: .5rem; cursor: pointer }
button:hover, button:focus-visible { outline: 2px solid #14532d }
label { display: block; margin: .5rem 0 }`;

function hidden(request: string): string {
  return `<input type="hidden" name="request" value="${escape(request)}">`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
