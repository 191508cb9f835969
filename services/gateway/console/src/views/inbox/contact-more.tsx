import { useState } from 'preact/hooks';
import { api, take } from '../../api/client';
import { agentName } from '../../live/directory';
import { formatDateTime, formatNumber, language, t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Failed, Icon, Skeleton, useLoaded } from '../../ui';
import { stateWords } from '../contacts/state-words';
import styles from './contact-panel.module.css';
import { words } from './texts';

interface Item {
  key: string;
  text: string;
  hint: string;
}

const LIMIT = { limit: 20 };

/** The rest of what hangs on the contact; each part is read when it is opened. */
export function ContactMore({ contactId }: { contactId: string }) {
  const params = { path: { contact_id: contactId }, query: LIMIT };
  return (
    <div class={styles.parts}>
      <Part
        title={words('deals')}
        load={async () =>
          (await take(api.GET('/v1/contacts/{contact_id}/deals', { params }))).items.map((one) => ({
            key: one.id,
            text: one.name,
            hint: one.value
              ? `${formatNumber(Number(one.value.amount))} ${one.value.currency}`
              : stateWords(one.stage),
          }))
        }
      />
      <Part
        title={words('tickets')}
        load={async () =>
          (await take(api.GET('/v1/contacts/{contact_id}/tickets', { params }))).items.map(
            (one) => ({ key: one.id, text: one.subject, hint: stateWords(one.state) }),
          )
        }
      />
      <Part
        title={words('appointments')}
        load={async () =>
          (await take(api.GET('/v1/contacts/{contact_id}/appointments', { params }))).items.map(
            (one) => ({ key: one.id, text: one.title, hint: formatDateTime(one.starts_at) }),
          )
        }
      />
      <Part
        title={words('shares')}
        load={async () =>
          (await take(api.GET('/v1/contacts/{contact_id}/shares', { params }))).items.map(
            (one) => ({ key: one.agent_id, text: agentName(one.agent_id), hint: '' }),
          )
        }
      />
      <Part
        title={words('history')}
        load={async () =>
          (await take(api.GET('/v1/contacts/{contact_id}/history', { params }))).items.map(
            (one, index) => ({
              key: `${one.at} ${index}`,
              text: one.text[language.value],
              hint: formatDateTime(one.at),
            }),
          )
        }
      />
    </div>
  );
}

function Part({ title, load }: { title: string; load: () => Promise<Item[]> }) {
  const [open, setOpen] = useState(false);
  return (
    <details class={styles.more} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Icon name="right" size={14} />
        {title}
      </summary>
      {open && <Items load={load} />}
    </details>
  );
}

function Items({ load }: { load: () => Promise<Item[]> }) {
  const loaded = useLoaded(load);
  if (loaded.state === 'loading') return <Skeleton rows={1} height={24} />;
  if (loaded.state === 'failed') {
    return <Failed text={sayProblem(loaded.problem)} onRetry={() => void loaded.reload()} />;
  }
  if (loaded.value.length === 0) return <p class={styles.noteBy}>{t('nothing')}</p>;
  return (
    <ul class={styles.items}>
      {loaded.value.map(({ key, text, hint }) => (
        <li key={key}>
          {text} <span class={styles.noteBy}>{hint}</span>
        </li>
      ))}
    </ul>
  );
}
