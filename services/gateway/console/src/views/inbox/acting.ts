import { agentName } from '../../live/directory';
import type { Answer, Store } from '../../live/store';
import { sayProblem } from '../../texts/problems';
import { type Tone, toast } from '../../ui';
import { words } from './texts';

/** What was done to a conversation, with a word for the agent about how it went. */

type Refusal = Extract<Answer, { ok: false }>;

export function refusalOf({ problem, winner }: Refusal): { text: string; tone: Tone } {
  if (winner) return { text: words('winner', agentName(winner)), tone: 'warn' };
  if (winner === null) return { text: words('winnerNobody'), tone: 'warn' };
  return { text: sayProblem(problem), tone: 'bad' };
}

export function sayRefusal(refusal: Refusal): void {
  const { text, tone } = refusalOf(refusal);
  toast(text, tone);
}

export async function tell(asked: Promise<Answer>, said?: string): Promise<boolean> {
  const answer = await asked;
  if (!answer.ok) sayRefusal(answer);
  else if (said) toast(said);
  return answer.ok;
}

/** `seen` is the version of the assignee that the agent decided on. */
export function assign(store: Store, id: string, agent: string | null, seen?: number) {
  const version = seen ?? store.conversation(id).peek()?.version;
  const said = agent === null ? words('unassignedNow') : words('assigned', agentName(agent));
  return tell(store.assign(id, agent, version), said);
}

export async function markDone(store: Store, id: string, done: boolean): Promise<void> {
  const answer = await store.setDone(id, done);
  if (!answer.ok) return sayRefusal(answer);
  if (!done) return;
  const undo = { text: words('undo'), run: () => void tell(store.setDone(id, false)) };
  toast(words('markedDone'), 'good', undo);
}
