/** Whether the key belongs to an input method, as Telex, which sends Enter while it composes. */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}

/** Whether what has the focus takes letters, so that they are no shortcuts. */
export function takesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement)
    return !['checkbox', 'radio', 'button'].includes(target.type);
  return target.isContentEditable || ['TEXTAREA', 'SELECT'].includes(target.tagName);
}

/** The shortcut of a key, or null if it is for something else: what is being written, an open
 * dialog or menu, a combination of the browser. By `event.code`, whatever the layout; never Alt,
 * which writes letters on some. */
export function shortcutOf(event: KeyboardEvent): string | null {
  if (isComposing(event) || event.defaultPrevented || event.altKey) return null;
  if (event.ctrlKey || event.metaKey) return event.code === 'KeyK' ? 'palette' : null;
  if (takesText(event.target)) return null;
  if (document.querySelector('dialog[open], [popover=auto]:popover-open')) return null;
  if (event.key === '?' || event.key === '/') return event.key;
  if (event.code === 'Slash') return event.shiftKey ? '?' : '/';
  return event.shiftKey ? null : event.code.replace(/^Key/, '');
}
