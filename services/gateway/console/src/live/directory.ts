import { computed, signal } from '@preact/signals';
import { api, type Schema, take } from '../api/client';

/** What the organization has set up and every agent may know, read once and kept for the views:
 * agents and pages with their names. */

export type Agent = Schema<'AgentView'>;
export type Page = Schema<'PageView'>;

interface Listed<T> {
  items: T[];
  next?: string | null;
}

const LIMIT = 200;

/** All items of a list of the gateway, one page after the other. */
export async function readAll<T>(
  read: (cursor: string | undefined, limit: number) => Promise<Listed<T>>,
): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  do {
    const { items, next } = await read(cursor, LIMIT);
    all.push(...items);
    cursor = next ?? undefined;
  } while (cursor);
  return all;
}

export const agents = signal<readonly Agent[]>([]);
export const pages = signal<readonly Page[]>([]);

const pageNames = computed(() => new Map(pages.value.map(({ id, name }) => [id, name])));
const agentNames = computed(() => new Map(agents.value.map(({ id, name }) => [id, name])));

/** The angle between the hues of two agents who follow each other: the golden one, by which any
 * number of hues stand apart. */
const HUE_STEP = 137.508;
const hues = computed(() => {
  const ids = agents.value.map(({ id }) => id).sort();
  return new Map(ids.map((id, place) => [id, (place * HUE_STEP) % 360]));
});

/** The hue of an agent's own colour, in degrees. */
export function agentHue(id: string): number {
  return hues.value.get(id) ?? 0;
}

export function pageName(id: string): string {
  return pageNames.value.get(id) ?? id;
}

export function agentName(id: string): string {
  return agentNames.value.get(id) ?? id;
}

/** Another viewer may know others. */
export function forgetDirectory(): void {
  agents.value = [];
  pages.value = [];
}

/** Reads both again. Views call it after they changed one. */
export async function loadDirectory(): Promise<void> {
  const [foundAgents, foundPages] = await Promise.all([
    readAll((cursor, limit) =>
      take(api.GET('/v1/agents', { params: { query: { cursor, limit } } })),
    ),
    readAll((cursor, limit) =>
      take(api.GET('/v1/pages', { params: { query: { cursor, limit } } })),
    ),
  ]);
  agents.value = foundAgents;
  pages.value = foundPages;
}
