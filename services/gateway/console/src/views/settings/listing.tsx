import type { ComponentChildren } from 'preact';
import { t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Button, type Column, Failed, Skeleton, State, Table, toast } from '../../ui';
import type { Item } from './routes';
import styles from './settings.module.css';
import { type Word, words } from './texts';
import type { usePages } from './use-pages';

interface HeadProps {
  title: Word;
  lead: Word;
  /** What one can do with all of it. */
  children?: ComponentChildren;
}

export function Head({ title, lead, children }: HeadProps) {
  return (
    <header class={styles.head}>
      <div>
        <h2>{words(title)}</h2>
        <p class={styles.lead}>{words(lead)}</p>
      </div>
      {children}
    </header>
  );
}

interface ListingProps {
  label: string;
  pages: ReturnType<typeof usePages>;
  columns: readonly Column<Item>[];
  onOpen?: (item: Item) => void;
}

/** A table of a long list, and the button for what follows. */
export function Listing({ label, pages, columns, onOpen }: ListingProps) {
  const { loaded, items, loadMore, busy } = pages;
  if (loaded.state === 'loading') return <Skeleton />;
  if (loaded.state === 'failed') {
    return <Failed text={sayProblem(loaded.problem)} onRetry={() => void loaded.reload()} />;
  }
  if (items.length === 0) return <State icon="check" title={t('nothing')} />;
  return (
    <>
      <Table
        label={label}
        rows={items}
        columns={columns}
        keyOf={(item) => `${item.id} ${String(item.at ?? '')} ${String(item.action ?? '')}`}
        onOpen={onOpen}
      />
      {loadMore && (
        <div>
          <Button
            busy={busy}
            onClick={() => loadMore().catch((problem) => toast(sayProblem(problem), 'bad'))}
          >
            {t('loadMore')}
          </Button>
        </div>
      )}
    </>
  );
}
