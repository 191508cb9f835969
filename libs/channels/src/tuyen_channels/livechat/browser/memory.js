// What the browser remembers. It may remember nothing: then the visitor is new each time.

const KEY = `tuyen:${app}`;
const user = site.userId || null;

function recall() {
  const nothing = {
    user, token: null, wrote: false, quiet: false, seen: 0, told: 0, draft: "", pending: [],
  };
  try {
    const stored = JSON.parse(localStorage.getItem(KEY));
    // What a customer of the site wrote is not shown to whoever uses the browser after them.
    if (stored && stored.user === user) return { ...nothing, ...stored };
  } catch { /* nothing can be stored, or it is not ours */ }
  return nothing;
}

const memory = recall();
const handled = new Set(memory.pending.map((one) => one.client_id)); // by this window, ever

function remember(changes) {
  Object.assign(memory, changes);
  // What another window of the site has not sent yet is its own.
  const others = recall().pending.filter((one) => !handled.has(one.client_id));
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...memory, pending: [...others, ...memory.pending] }));
  } catch { /* as above */ }
}

// What was read or made quiet in another window is so in this one.
function takeOver() {
  const { wrote, quiet, seen, told } = recall();
  Object.assign(memory, {
    wrote: wrote || memory.wrote, quiet,
    seen: Math.max(seen, memory.seen), told: Math.max(told, memory.told),
  });
}
