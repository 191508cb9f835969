import { useState } from 'preact/hooks';
import { api, type Schema, take } from '../../api/client';
import { useStore } from '../../live/context';
import { agents } from '../../live/directory';
import { t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Button, Dialog, Notice, SelectField, TextField, toast } from '../../ui';
import { words } from './texts';

const ROTATION = '';

interface HandOverProps {
  person: Schema<'PresenceView'>;
  onClose: () => void;
}

/** All open conversations of an agent to another one, or back to the rules (R6.5). */
export function HandOver({ person: { agent_id, name }, onClose }: HandOverProps) {
  const store = useStore();
  const [to, setTo] = useState(ROTATION);
  const [note, setNote] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const others = agents.value.filter(({ id, disabled }) => id !== agent_id && !disabled);
  const begin = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const params = { path: { agent_id } };
      const body = { to: to || null, note: note.trim() || null };
      store.follow(await take(api.POST('/v1/agents/{agent_id}/handover', { params, body })));
      toast(words('handOverBegun', name));
      onClose();
    } catch (failure) {
      setProblem(failure);
      setBusy(false);
    }
  };
  const actions = (
    <>
      <Button onClick={onClose}>{t('cancel')}</Button>
      <Button kind="primary" busy={busy} onClick={() => void begin()}>
        {t('confirm')}
      </Button>
    </>
  );
  return (
    <Dialog title={words('handOverTitle', name)} onClose={onClose} actions={actions}>
      {problem !== null && <Notice tone="bad">{sayProblem(problem)}</Notice>}
      <SelectField
        label={words('handOverTo')}
        value={to}
        choices={[
          { value: ROTATION, text: words('backToRotation') },
          ...others.map(({ id, name: other }) => ({ value: id, text: other })),
        ]}
        onValue={setTo}
      />
      <TextField label={words('note')} value={note} maxLength={1000} onValue={setNote} />
    </Dialog>
  );
}
