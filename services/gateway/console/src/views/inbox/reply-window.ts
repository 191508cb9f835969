import { useEffect, useState } from 'preact/hooks';
import { api, type Schema, take } from '../../api/client';

export type ReplyWindow = Schema<'WindowView'>;

/** How long the channel lets us reply (P5). Read once the conversation is there, and again when the
 * customer writes. */
export function useWindow(id: string, updatedAt: string | undefined): ReplyWindow | null {
  const [found, setFound] = useState<ReplyWindow | null>(null);
  useEffect(() => {
    if (updatedAt === undefined) return;
    let over = false;
    const path = { conversation_id: id };
    take(api.GET('/v1/conversations/{conversation_id}/window', { params: { path } })).then(
      (window) => !over && setFound(window),
      () => {},
    );
    return () => {
      over = true;
    };
  }, [id, updatedAt]);
  return found;
}
