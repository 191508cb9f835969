import { request } from '../../api/client';

/** Saves an answer of the gateway as a file. */
export async function download(path: string, name: string): Promise<void> {
  const address = URL.createObjectURL(await (await request(path)).blob());
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** The beginning of a day of the viewer, or of the one after, in UTC; null for no day. */
export function beginningOf(day: string, after = 0): string | null {
  if (!day) return null;
  const at = new Date(`${day}T00:00`);
  at.setDate(at.getDate() + after);
  return at.toISOString();
}

export function queryOf(given: Readonly<Record<string, string | null | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) if (value) query.set(name, value);
  return query.toString();
}
