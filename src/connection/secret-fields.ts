/** Which fields of a notation hold secrets. */
import type { Field } from '../notation/field.ts';

/** A field is secret when a form hides what is typed into it, or when its name says so. */
export function isSecretField(field: Field): boolean {
  const control = field.controlType?.replace(/^(?:small|medium)-/, '');
  return control === 'password' || /(?:^|_)(?:secret|password|token|private_key)$/i.test(field.name);
}
