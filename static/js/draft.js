// The editor's own behaviour: saving without leaving the page, moving messages, local times.
//
// form[data-draft] posts itself and asks for JSON: {"revision": n, "saved_at": ISO time}. Whatever
// needs a page (errors at fields, another tab's text) is sent again as an ordinary form. Without
// this script every button is an ordinary submit button. [data-saved-state] holds the sentences.
const form = document.querySelector("form[data-draft]");
const plain = form.querySelector("[data-save-plain]");
const save = form.querySelector("[data-save]");
const line = form.querySelector("[data-saved-state]");
const locale = document.documentElement.lang;
// Where another tab's text stands beside this one, saving leads to a fresh page.
let ordinary = document.querySelector("[data-conflict]") !== null;
let saving = false;

function local(iso) {
  const then = new Date(iso);
  const clock = { hour: "2-digit", minute: "2-digit" };
  if (then.toDateString() === new Date().toDateString()) {
    return then.toLocaleTimeString(locale, clock);
  }
  return then.toLocaleString(locale, { day: "numeric", month: "long", ...clock });
}

function say(text, alarming = false) {
  line.textContent = text;
  line.classList.toggle("saved--dirty", alarming);
}

const typed = () =>
  JSON.stringify([...new FormData(form)].filter(([name]) => !/^(csrf|revision$|case$)/.test(name)));

async function post() {
  return fetch(form.action, {
    method: "POST",
    body: new FormData(form),
    headers: { Accept: "application/json" },
    redirect: "manual",
  });
}

// Signing in again, in another tab, changes the token: the page as it is now holds the new one.
async function freshToken() {
  const page = await fetch(form.action, { headers: { Accept: "text/html" }, redirect: "manual" });
  if (!page.ok) return false;
  const parsed = new DOMParser().parseFromString(await page.text(), "text/html");
  const token = parsed.querySelector("form[data-draft] [name=csrfmiddlewaretoken]");
  if (!token) return false;
  form.elements.namedItem("csrfmiddlewaretoken").value = token.value;
  return true;
}

function kept({ revision, saved_at: savedAt }, before) {
  form.elements.namedItem("revision").value = revision;
  // A page that came back from a refused save must not be sent again when it is reloaded.
  history.replaceState(null, "", form.action);
  if (typed() !== before) {
    // Typed on while it was being saved: that part is not kept yet.
    say(line.dataset.dirtyText, true);
    return;
  }
  say(line.dataset.savedAs.replace("{time}", local(savedAt)));
  delete line.dataset.savedText;
  form.dispatchEvent(new CustomEvent("htmx:afterRequest", { detail: { successful: true } }));
}

async function send() {
  const before = typed();
  let response = await post();
  if (response.status === 403 && (await freshToken())) response = await post();
  if (response.ok) {
    kept(await response.json(), before);
  } else if (response.status === 409 || response.status === 422) {
    ordinary = true;
    form.requestSubmit(plain);
  } else if (response.type === "opaqueredirect" || response.status === 403) {
    say(line.dataset.signedOutText, true);
  } else {
    say(line.dataset.failedText, true);
  }
}

form.addEventListener("submit", async (event) => {
  if (ordinary || event.submitter?.name !== "save") return;
  event.preventDefault();
  if (saving) return;
  saving = true;
  say(line.dataset.savingText);
  try {
    await send();
  } catch {
    say(line.dataset.failedText, true);
  } finally {
    saving = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
  event.preventDefault();
  form.requestSubmit(save);
});

document.addEventListener("click", (event) => {
  const mover = event.target.closest("[data-move]");
  if (!mover) return;
  event.preventDefault();
  const row = mover.closest("[data-row]");
  const up = mover.dataset.move === "up";
  const other = up ? row.previousElementSibling : row.nextElementSibling;
  if (!other?.matches("[data-row]")) return;
  const order = (one) => one.querySelector(`[name$="-ORDER"]`);
  [order(row).value, order(other).value] = [order(other).value, order(row).value];
  if (up) other.before(row);
  else other.after(row);
  mover.focus();
  row.dispatchEvent(new CustomEvent("rows:changed", { bubbles: true }));
});

for (const time of document.querySelectorAll("[data-saved-state] time")) {
  time.textContent = local(time.dateTime);
}
