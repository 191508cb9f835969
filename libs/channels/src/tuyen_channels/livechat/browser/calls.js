// Talking to the service.

class Refused extends Error {
  constructor(status, wait) {
    super(`HTTP ${status}`);
    this.status = status;
    this.wait = wait;
  }

  // Whether the same request can succeed later.
  get passes() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

async function call(method, path, body, type, signal) {
  const headers = {};
  if (memory.token) headers.Authorization = `Bearer ${memory.token}`;
  if (body !== undefined) headers["Content-Type"] = type || "application/json";
  const content = body === undefined || type ? body : JSON.stringify(body);
  const limit = new AbortController();
  const end = () => limit.abort();
  const timer = setTimeout(end, (type ? PICTURE_WITHIN_S : ANSWER_WITHIN_S) * 1000);
  signal?.addEventListener("abort", end);
  let answer;
  try {
    answer = await fetch(base + path, {
      method, headers, body: content, signal: limit.signal, mode: "cors", credentials: "omit",
      cache: "no-store", referrerPolicy: "no-referrer",
    });
    if (answer.ok) return await answer.json();
  } catch {
    throw new Refused(0); // no answer, or one that was cut off, or of somebody in between
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
  throw new Refused(answer.status, Number(answer.headers.get("Retry-After")) || 0);
}

let opening = null; // one session at a time, however many requests need it
let opened = false; // a token of an earlier visit is exchanged for a new one once

function open() {
  opening ??= (async () => {
    memory.token ||= recall().token; // another window may have opened one
    const body = { name: site.name || null };
    if (user) Object.assign(body, { user_id: user, user_hash: site.userHash || "" });
    try {
      let session;
      try {
        session = await call("POST", "session", body);
      } catch (error) {
        if (error.status !== 403 || !user) throw error;
        console.warn("tuyen: data-user-hash does not belong to data-user-id");
        session = await call("POST", "session", { name: body.name });
      }
      remember({ token: session.token });
      opened = true;
    } finally {
      opening = null;
    }
  })();
  return opening;
}

async function ask(...request) {
  if (!opened) await open();
  try {
    return await call(...request);
  } catch (error) {
    if (error.status !== 401) throw error;
    remember({ token: null });
    await open();
    return call(...request);
  }
}

// Waiting before something is tried again, which ends at once when there is a reason to.

const sleepers = new Set();

function pause(seconds) {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      sleepers.delete(end);
      done();
    };
    const timer = setTimeout(end, seconds * 1000);
    sleepers.add(end);
  });
}

function wake() {
  for (const end of [...sleepers]) end();
}

function pauseAfter(failures, error) {
  const longest = Math.min(2 ** failures, 60);
  return pause(Math.max(error.wait || 0, longest * (0.5 + Math.random() / 2)));
}
