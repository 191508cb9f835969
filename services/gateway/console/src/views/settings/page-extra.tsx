import { formatDateTime, language } from '../../texts';
import { Button, Notice, toast } from '../../ui';
import type { ExtraProps } from './section';
import styles from './settings.module.css';
import { words } from './texts';
import { NewToken } from './token-extra';

interface Problem {
  code: string;
  text: { vi: string; en: string };
}

/** What a page's connection is like, what to do about it, and how a site embeds a livechat. */
export function PageExtra({ item, onChanged }: ExtraProps) {
  const problem = item.problem as Problem | null | undefined;
  const live = item.channel === 'livechat';
  const script = `<script src="${location.origin}/livechat/${String(item.app_id)}/widget.js" async></script>`;
  return (
    <>
      {problem && (
        <Notice tone="bad">
          <p>{problem.text[language.value]}</p>
          <p>{words('problemHint')}</p>
        </Notice>
      )}
      {!live && !problem && (
        <Notice tone={item.connected ? 'good' : 'warn'}>
          {item.connected ? words('connected') : words('notConnectedHint')}
          {typeof item.until === 'string' && ` ${words('until', formatDateTime(item.until))}`}
        </Notice>
      )}
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
