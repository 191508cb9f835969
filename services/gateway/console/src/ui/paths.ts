/** Values of a form by dotted names, as `crm.access`. */

export type Values = Readonly<Record<string, unknown>>;

export function readPath(values: Values, path: string): unknown {
  return path.split('.').reduce<unknown>((found, part) => asRecord(found)?.[part], values);
}

/** A copy with the value at the path; what is missing on the way is made. */
export function writePath(values: Values, path: string, value: unknown): Values {
  const [first = '', ...rest] = path.split('.');
  if (!rest.length) return { ...values, [first]: value };
  return { ...values, [first]: writePath(asRecord(values[first]) ?? {}, rest.join('.'), value) };
}

function asRecord(value: unknown): Values | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Values)
    : undefined;
}

/** What is said of a field: an error of its own, or of a part of it. */
export function errorAt(
  errors: readonly { readonly field: string; readonly detail: string }[],
  path: string,
): string | null {
  const found = errors.filter(({ field }) => field === path || field.startsWith(`${path}.`));
  return found.map(({ detail }) => detail).join(' ') || null;
}
