import { hasRight } from '../../session';
import { formatDateTime, language } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Button, Notice, toast } from '../../ui';
import { beginLogin } from './page-connect';
import type { Item } from './routes';
import type { ExtraProps } from './section';
import styles from './settings.module.css';
import { words } from './texts';
import { NewToken } from './token-extra';

interface Problem {
  code: string;
  text: { vi: string; en: string };
}

/** What a page's connection is like, and what to do about it. */
export function PageNotice({ item }: { item: Item }) {
  const problem = item.problem as Problem | null | undefined;
  if (item.channel === 'livechat') return null;
  const again = (
    <Button
      small
      onClick={() =>
        beginLogin(String(item.channel)).catch((failure) => toast(sayProblem(failure), 'bad'))
      }
    >
      {words(item.connected ? 'connectAgain' : 'connect')}
    </Button>
  );
  if (problem) {
    return (
      <Notice tone="bad" actions={hasRight('manage') && again}>
        <p>{problem.text[language.value]}</p>
        {item.connected === true && <p>{words('problemHint')}</p>}
      </Notice>
    );
  }
  return (
    <Notice
      tone={item.connected ? 'good' : 'warn'}
      actions={!item.connected && hasRight('manage') && again}
    >
      {item.connected ? words('connected') : words('notConnectedHint')}
      {typeof item.until === 'string' && ` ${words('until', formatDateTime(item.until))}`}
    </Notice>
  );
}

/** How a site embeds a livechat. */
export function PageExtra({ item, onChanged }: ExtraProps) {
  const live = item.channel === 'livechat';
  const script = `<script src="${location.origin}/livechat/${String(item.app_id)}/widget.js" async></script>`;
  return (
    <>
      {live && typeof item.app_id === 'string' && (
        <section class={styles.stack}>
          <h3>{words('script')}</h3>
          <p class={styles.lead}>{words('scriptHint')}</p>
          <pre class={styles.code}>{script}</pre>
          <div class={styles.row}>
            <Button
              icon="clip"
              onClick={() =>
                void navigator.clipboard?.writeText(script).then(() => toast(words('copied')))
              }
            >
              {words('copy')}
            </Button>
          </div>
          {typeof item.webhook_url === 'string' && (
            <>
              <h3>{words('webhook')}</h3>
              <p class={styles.lead}>{words('webhookHint')}</p>
              <pre class={styles.code}>{item.webhook_url}</pre>
            </>
          )}
          <NewToken path={`/v1/pages/${encodeURIComponent(item.id)}/token`} onChanged={onChanged} />
        </section>
      )}
    </>
  );
}
