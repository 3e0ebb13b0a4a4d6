/** The pages of `docs/` that are made from the code, so that neither can say what the other does not. */
import { readFile } from 'node:fs/promises';
import { errorCodes } from '../../src/errors.ts';
import { requestCodes } from '../../src/server/format-error.ts';
import { notationAntiExamples, notationExamples } from '../../src/notation/examples.ts';

/** `docs/errors.md`: every code and what it means. */
export function renderErrors(): string {
  return `# Error codes

Every error that leaves Plugboard has a stable code. In GraphQL it is \`extensions.code\`; beside it stand, where they are known, \`connector\`, \`errorCode\` (\`<connector>.<code>\`),
\`connection\`, \`http.status\` of the provider's answer, \`retryAfter\` in seconds, \`raisedIn\`, and \`connect\` when the subject has to connect an account. Commands print \`CODE: path: message\`.

${codeTable(errorCodes)}

## Requests that are no valid GraphQL

What a GraphQL client itself may get wrong has the codes that GraphQL servers share. Such an operation was not executed, and the answer has no \`data\`.

${codeTable(requestCodes)}
`;
}

function codeTable(codes: Readonly<Record<string, string>>): string {
  const rows = Object.entries(codes).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
  return ['| code | meaning |', '| --- | --- |', ...rows].join('\n');
}

/** `docs/notation.md`: every key of a field, and what is right and wrong. */
export async function renderNotation(): Promise<string> {
  const source = await readFile(new URL('../../src/notation/field.ts', import.meta.url), 'utf8');
  const keys = [...fieldKeys(source)].map(({ key, type, meaning }) => `| \`${key}\` | ${type} | ${meaning} |`);
  return `# The notation

A notation is a list of fields. It describes the input and output of actions and triggers, objects, and what a connection asks for.

| key | takes | meaning |
| --- | --- | --- |
${keys.join('\n')}

Any other key has no effect, and \`plugboard check\` warns of it.

## Right

${notationExamples.map((example) => `**${example.title}.** ${example.reason}\n\n${code(example.notation)}`).join('\n\n')}

## Wrong

${notationAntiExamples
  .map(
    ({ title, reason, notation, faults }) =>
      `**${title}.** ${reason}\n\n${code(notation)}\n\n\`\`\`text\n${faults.join('\n')}\n\`\`\``,
  )
  .join('\n\n')}
`;
}

function code(notation: readonly unknown[]): string {
  return `\`\`\`json\n${JSON.stringify(notation)}\n\`\`\``;
}

/** Keys of the interface `Field`, with the comments that stand above them. */
function* fieldKeys(source: string): Generator<{ key: string; type: string; meaning: string }> {
  const body = /export interface Field \{\n(.*?)\n\}/s.exec(source)?.[1] ?? '';
  for (const [, comment = '', key = '', type = ''] of body.matchAll(
    /(?:\/\*\*((?:(?!\*\/).)*)\*\/\s*)?readonly (\w+)\??: ((?:\{[^}]*\}|[^;])+);/gs,
  )) {
    const meaning = comment.replace(/\s*\n\s*\*?\s*/g, ' ').trim();
    yield {
      key,
      type: `\`${type.replace(/\s+/g, ' ').replaceAll('|', '\\|')}\``,
      meaning: meaning.replaceAll('|', '\\|'),
    };
  }
}
