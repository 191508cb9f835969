import { ApiProblem, api, take } from '../../api/client';
import { agentName } from '../../live/directory';
import { sayProblem } from '../../texts/problems';
import { toast } from '../../ui';
import type { Claimable, Row } from './setup';
import { words } from './texts';

/** Claims a contact (W4), or names who was first. Gives what is to be seen of it afterwards. */
export async function claim({ id, warehouse_id }: Claimable): Promise<Row | null> {
  try {
    await api.POST('/v1/warehouses/{warehouse_id}/claims', {
      params: { path: { warehouse_id } },
      body: { contact_id: id },
    });
    toast(words('claimed'));
  } catch (problem) {
    const holder = problem instanceof ApiProblem && problem.body.agent_id;
    const taken = typeof holder === 'string' ? words('claimedBy', agentName(holder)) : null;
    toast(taken ?? sayProblem(problem), 'bad');
  }
  const path = { contact_id: id };
  return take(api.GET('/v1/contacts/{contact_id}', { params: { path } })).catch(() => null);
}
