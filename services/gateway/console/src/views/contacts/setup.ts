import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { api, type Schema, take } from '../../api/client';
import { readAll } from '../../live/directory';
import { hasRight, type Me } from '../../session';

export type Contact = Schema<'ContactView'>;
export type Claimable = Schema<'ClaimableContactView'>;
export type Row = Contact | Claimable;

/** What the organization has set up for its contacts. */
export interface Setup {
  readonly fields: readonly Schema<'ContactFieldView'>[];
  readonly pipelines: readonly Schema<'PipelineView'>[];
  readonly campaigns: readonly Schema<'CampaignView'>[];
  readonly warehouses: readonly Schema<'WarehouseView'>[];
}

const NO_SETUP: Setup = { fields: [], pipelines: [], campaigns: [], warehouses: [] };
export const SetupContext = createContext(NO_SETUP);

export function useSetup(): Setup {
  return useContext(SetupContext);
}

/** What the viewer may not read is left out. */
export async function loadSetup(): Promise<Setup> {
  const ask = <T>(reading: Promise<T[]>): Promise<T[]> => reading.catch(() => []);
  const [fields, pipelines, campaigns, warehouses] = await Promise.all([
    ask(readAll((cursor, limit) => take(api.GET('/v1/contact-fields', paged(cursor, limit))))),
    ask(readAll((cursor, limit) => take(api.GET('/v1/pipelines', paged(cursor, limit))))),
    hasRight('read_setup')
      ? ask(readAll((cursor, limit) => take(api.GET('/v1/campaigns', paged(cursor, limit)))))
      : [],
    ask(readAll((cursor, limit) => take(api.GET('/v1/warehouses', paged(cursor, limit))))),
  ]);
  return { fields, pipelines, campaigns, warehouses };
}

/** The warehouses that the viewer manages: of the default one administrators do (W1). */
export function managedBy(viewer: Me | null, { warehouses }: Setup): Setup['warehouses'] {
  const isAdministrator = viewer?.role === 'system_admin';
  return warehouses.filter(
    (one) => one.managers.includes(viewer?.agent_id ?? '') || (one.default && isAdministrator),
  );
}

/** The warehouses to which the viewer may add contacts: what they add where they are no manager is
 * theirs. */
export function openTo(viewer: Me | null, { warehouses }: Setup): Setup['warehouses'] {
  const id = viewer?.agent_id ?? '';
  return warehouses.filter(
    (one) => one.default || one.managers.includes(id) || one.members.includes(id),
  );
}

export function paged(cursor: string | undefined, limit: number) {
  return { params: { query: { cursor, limit } } };
}

export function isClaimable(row: Row): row is Claimable {
  return 'claimable' in row;
}

export function nameOf(items: readonly { id: string; name: string }[], id: string | null): string {
  return items.find((one) => one.id === id)?.name ?? id ?? '';
}
