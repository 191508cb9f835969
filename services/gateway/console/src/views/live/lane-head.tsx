import { pageName } from '../../live/directory';
import type { Lane } from '../../live/store';
import { href } from '../../router';
import { t } from '../../texts';
import { Figures } from './figures';
import styles from './live.module.css';
import { words } from './texts';
import type { Post } from './view';

interface LaneHeadProps {
  lane: Lane;
  post: Post | undefined;
  /** Whether there are other livestreams. */
  others: boolean;
}

/** Which livestream it is, and how it goes. */
export function LaneHead({ lane, post, others }: LaneHeadProps) {
  return (
    <header class={styles.head}>
      <div class={styles.about}>
        <h1>{post?.text || t('live')}</h1>
        <span class={styles.facts}>
          {post && pageName(post.page_id)}
          {others && (
            <>
              {' · '}
              <a href={href('live')}>{words('others')}</a>
            </>
          )}
        </span>
      </div>
      <Figures lane={lane} />
    </header>
  );
}
