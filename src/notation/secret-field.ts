/** Which fields of a notation hold secrets. */
import { controlTypeOf, type Field } from './field.ts';

/** A field is secret when a form hides what is typed into it, or when its name says so. */
export function isSecretField(field: Field): boolean {
  return controlTypeOf(field) === 'password' || /(?:^|_)(?:secret|password|token|private_key)$/i.test(field.name);
}
