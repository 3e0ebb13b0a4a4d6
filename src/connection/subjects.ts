/** Subjects that an application named by themselves: they are known before they have connected anything. */
import type { Records } from '../storage/records.ts';
import { isStorableName } from '../storage/check-record.ts';

export interface Subjects {
  /** Keeps the name. @returns whether it is new: of any number at the same instant one is. */
  readonly add: (tenant: string, subject: string) => Promise<boolean>;
  readonly has: (tenant: string, subject: string) => Promise<boolean>;
  /** In the order in which they were named. */
  readonly list: (tenant: string) => Promise<readonly string[]>;
  /** Forgets the name; connections stay. @returns whether it was there. */
  readonly remove: (tenant: string, subject: string) => Promise<boolean>;
}

const subjectKind = 'subject';
const maxLength = 200;

/** Whether a subject can be kept under this name: 1–200 characters, without a NUL or half a surrogate pair. */
export function isSubjectName(name: unknown): name is string {
  return typeof name === 'string' && name.length <= maxLength && isStorableName(name);
}

export function createSubjects(records: Records): Subjects {
  const idOf = (tenant: string, subject: string) => JSON.stringify([tenant, subject]);
  return {
    async add(tenant, subject) {
      const value = { tenant, subject };
      return (await records.create(subjectKind, idOf(tenant, subject), value, { indexes: { tenant } })) !== undefined;
    },
    has: async (tenant, subject) => (await records.get(subjectKind, idOf(tenant, subject))) !== undefined,
    async list(tenant) {
      const all = [];
      const limit = 1_000;
      for (;;) {
        const page = await records.list(subjectKind, { tenant }, { limit, after: all.at(-1)?.id });
        all.push(...page);
        if (page.length < limit) break;
      }
      return all.sort((one, other) => one.createdAt - other.createdAt).map(({ value }) => value['subject'] as string);
    },
    remove: (tenant, subject) => records.remove(subjectKind, idOf(tenant, subject)),
  };
}
