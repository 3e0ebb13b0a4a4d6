/** Finds a thing of a connector by its name, written in snake_case or camelCase. */
export function findByName<T>(all: Readonly<Record<string, T>> | undefined, name: string): [string, T] | undefined {
  if (!all) return undefined;
  if (Object.hasOwn(all, name)) return [name, all[name] as T];
  const wanted = fold(name);
  return Object.entries(all).find(([key]) => fold(key) === wanted);
}

function fold(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}
