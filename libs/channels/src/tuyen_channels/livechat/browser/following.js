// Receipts: agents see what the visitor has seen, once they could see it.

let telling = false;

function untold() {
  if (panel.hidden || document.visibilityState === "hidden") return null;
  return replies.findLast((one) => one.at > memory.told);
}

async function tell() {
  if (telling) return;
  telling = true;
  let failures = 0;
  for (let reply; (reply = untold());) {
    try {
      await ask("POST", "seen", { message: reply.id });
      remember({ told: reply.at });
      failures = 0;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (!error.passes) remember({ told: reply.at }); // nobody will ever be told
      failures += 1;
      await pauseAfter(failures, error);
    }
  }
  telling = false;
}

// Following the thread: while the chat is open, or something may still be answered.

let following = null; // what ends the request that waits

function wants() {
  if (document.visibilityState === "hidden" || !host.isConnected) return false;
  return !panel.hidden || (memory.wrote && !memory.quiet);
}

async function follow() {
  if (following || !wants()) return;
  following = new AbortController();
  const { signal } = following;
  let failures = 0;
  while (!signal.aborted && wants()) {
    try {
      const query = new URLSearchParams({ version, wait: version && !failures ? WAIT_S : 0 });
      const view = await ask("GET", `thread?${query}`, undefined, undefined, signal);
      if (!signal.aborted) show(view);
      failures = 0;
    } catch (error) {
      if (signal.aborted) break;
      if (!(error instanceof Refused)) throw error;
      loading.hidden = true;
      typing.textContent = "";
      banner.textContent = error.passes ? words.lost : words.unavailable;
      if (!error.passes) break;
      failures += 1;
      await pauseAfter(failures, error);
    }
  }
  if (following?.signal === signal) following = null;
}

function unfollow() {
  following?.abort();
  following = null;
}

function refollow() {
  if (wants()) follow();
  else unfollow();
}
