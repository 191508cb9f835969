/** What is stored in the browser is one viewer's: all of it begins with who that is. */

import type { World } from './world';

const BEGINNING = 'tuyen:';

export interface ViewerId {
  readonly organization: string;
  readonly agent_id: string;
}

export function prefixOf({ organization, agent_id }: ViewerId): string {
  return `${BEGINNING}${organization}/${agent_id}:`;
}

/** Removes everything that others stored, or everything that anybody did. */
export function forgetOthers(world: Pick<World, 'local' | 'session'>, prefix: string | null): void {
  for (const storage of [world.local, world.session]) {
    const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '');
    for (const key of keys) {
      if (key.startsWith(BEGINNING) && (prefix === null || !key.startsWith(prefix))) {
        storage.removeItem(key);
      }
    }
  }
}
