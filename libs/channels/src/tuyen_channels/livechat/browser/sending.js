// Writing. What is not sent yet is remembered, and sent again with the same id.

const pictures = new Map(); // by the id that a message has here; a browser does not remember them
const outgoing = new Map(); // by the same, what is shown of it
let sending = false;

function makeId() {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// A picture that is not sent yet, drawn: its address would be one that a strict policy forbids.
async function preview(picture, bubble) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(picture);
  } catch {
    return; // its name has to do
  }
  const scale = Math.min(1, 480 / bitmap.width, 480 / bitmap.height);
  const canvas = make("canvas", {
    width: Math.max(1, bitmap.width * scale), height: Math.max(1, bitmap.height * scale),
    attributes: { role: "img", "aria-label": bubble.textContent },
  });
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  if (bubble.childElementCount === 0) bubble.replaceChildren(canvas);
}

function present(waiting) {
  const content = waiting.text ? makeText(waiting.text) : waiting.name || words.picture;
  const entry = makeEntry(null, content);
  entry.element.classList.add("first", "last");
  outgoing.set(waiting.client_id, entry);
  const picture = pictures.get(waiting.client_id);
  if (picture) preview(picture, entry.bubble);
  mark(waiting, words.sending);
  arrange();
  goToEnd();
}

function forget(waiting) {
  outgoing.delete(waiting.client_id);
  pictures.delete(waiting.client_id);
  remember({ pending: memory.pending.filter((one) => one !== waiting) });
}

// What was waiting is the message that the thread has now: it stays where it stands.
function settle(waiting, message) {
  const entry = outgoing.get(waiting.client_id);
  entry.element.classList.remove("failed");
  const built = build(message);
  if (built.links.length) {
    const drawn = entry.bubble.querySelector("canvas");
    if (drawn) built.links[0].replaceChildren(drawn);
    entry.bubble.replaceChildren(...built.bubble.childNodes);
    entry.links = built.links;
  }
  forget(waiting);
  return entry;
}

function mark(waiting, said, ...buttons) {
  const { element, foot } = outgoing.get(waiting.client_id);
  const had = root.activeElement && foot.contains(root.activeElement);
  element.classList.toggle("failed", said === words.failed);
  foot.replaceChildren(said, ...buttons);
  if (had) (buttons[0] || text).focus();
}

// With `isFinal` it is not tried again but by the visitor, who can also leave it.
function fail(waiting, isFinal) {
  const again = make("button", { type: "button", textContent: words.again });
  again.addEventListener("click", () => {
    delete waiting.failed;
    mark(waiting, words.sending);
    wake();
    flush();
  });
  const discard = make("button", { type: "button", textContent: words.discard });
  discard.addEventListener("click", () => {
    forget(waiting);
    arrange();
    text.focus();
  });
  if (isFinal) waiting.failed = true;
  mark(waiting, words.failed, again, ...(isFinal ? [discard] : []));
  spoken.textContent = words.failed;
}

function place() {
  const where = { page_url: location.href.split("#")[0].slice(0, 2048) };
  if (!choices.hidden && department.value) {
    where.department = department.value;
    if (!regionLabel.hidden && region.value) where.region = region.value;
  }
  return where;
}

function enqueue(waiting, picture) {
  Object.assign(waiting, { client_id: makeId() }, place());
  handled.add(waiting.client_id);
  if (picture) pictures.set(waiting.client_id, picture);
  remember({ pending: [...memory.pending, waiting], wrote: true });
  note.textContent = spoken.textContent = "";
  choices.open = false;
  present(waiting);
  flush();
}

async function post(waiting) {
  const { client_id, page_url, department: chosenDepartment, region: chosenRegion } = waiting;
  const where = { client_id, page_url };
  if (chosenDepartment) where.department = chosenDepartment;
  if (chosenRegion) where.region = chosenRegion;
  if (waiting.text) return ask("POST", "messages", { ...where, text: waiting.text });
  const picture = pictures.get(client_id);
  const query = new URLSearchParams({ ...where, name: waiting.name });
  return ask("POST", `pictures?${query}`, picture, picture.type);
}

async function flush() {
  if (sending) return;
  sending = true;
  let failures = 0;
  for (;;) {
    const waiting = memory.pending.find((one) => !one.id && !one.failed);
    if (!waiting) break;
    try {
      mark(waiting, words.sending);
      waiting.id = (await post(waiting)).id;
      mark(waiting, words.sent);
      spoken.textContent = words.sent;
      failures = 0;
      if (shown.has(waiting.id)) { // the thread was quicker
        forget(waiting);
        arrange();
      } else {
        remember({});
      }
      follow();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      failures += 1;
      if (error.status !== 429) fail(waiting, !error.passes);
      if (error.passes) await pauseAfter(Math.min(failures, 5), error);
    }
  }
  sending = false;
}

function sendText() {
  const written = text.value.trim();
  if (!written) return;
  text.value = "";
  grow();
  memory.draft = "";
  enqueue({ text: written });
}

function sendPictures(files) {
  for (const picture of files) {
    if (!KINDS.includes(picture.type)) note.textContent = words.kind;
    else if (picture.size > MOST_BYTES) note.textContent = words.large;
    else enqueue({ name: (picture.name || "").slice(0, 100) }, picture);
  }
}

// The field is as high as what is written in it, up to five lines.
function grow() {
  text.rows = 1;
  while (text.rows < 5 && text.scrollHeight > text.clientHeight) text.rows += 1;
}
