// The editor saves: by itself a moment after the last change, and when its author asks for it.
//
// form[data-draft] posts itself and asks for JSON: {"revision": n, "saved_at": ISO time}. Only that
// answer makes the page say "saved". Whatever needs a page (errors at fields, another tab's text) is
// sent again as an ordinary form once its author presses Save. What the site does not have yet is
// kept in this browser (heldtext.js), sent again when it answers, and offered again on return.
// Without this script every button is an ordinary submit button. [data-saved-state] holds the
// sentences.
import { drop, Held, isOf, left, meaning } from "./heldtext.js";

const SAVE_AFTER_MS = 2_500;
const HOLD_AFTER_MS = 250;
const AGAIN_MS = [5_000, 10_000, 20_000, 40_000, 60_000];
const ADOPT = "draft:adopt";

const form = document.querySelector("form[data-draft]");
const plain = form.querySelector("[data-save-plain]");
const save = form.querySelector("[data-save]");
const line = form.querySelector("[data-saved-state]");
const offer = document.querySelector("[data-held-offer]");
const locale = document.documentElement.lang;
const { account, entry } = form.dataset;
const except = new Set(["csrfmiddlewaretoken", "revision", ...form.dataset.unsavedExcept.split(" ")]);
const field = (name) => form.elements.namedItem(name);

// Where another tab's text stands beside this one, saving leads to a fresh page.
const torn = document.querySelector("[data-conflict]") !== null;
let ordinary = torn;
let saving = null;
let tries = 0;
let timer = 0;
let holding = 0;
let held = true;
// Fields as the site is known to have them, and as it last refused them.
let known = null;
let refused = null;

const fields = () => [...new FormData(form)];
const typed = () => JSON.stringify(fields().filter(([name]) => !except.has(name)));
const dirty = () => typed() !== known;

function local(time) {
  const then = new Date(time);
  const clock = { hour: "2-digit", minute: "2-digit" };
  if (then.toDateString() === new Date().toDateString()) {
    return then.toLocaleTimeString(locale, clock);
  }
  return then.toLocaleString(locale, { day: "numeric", month: "long", ...clock });
}

/** What saves by itself says so quietly: a screen reader is not told of every pause in typing. */
function say(text, { alarming = false, quiet = false } = {}) {
  line.setAttribute("aria-live", quiet ? "off" : "polite");
  if (line.textContent !== text) line.textContent = text;
  line.classList.toggle("saved--dirty", alarming);
}

function sayNot(text) {
  const { heldText, notHeldText } = line.dataset;
  say(`${text} ${held ? heldText : notHeldText}`, { alarming: true });
}

/* Keeping in this browser */

// The next page of this tab goes on with the record of this one.
function handOver(key) {
  try {
    sessionStorage.setItem(ADOPT, key);
  } catch {
    // The next page then keeps a record of its own beside this one.
  }
}

function handedOver() {
  try {
    const key = sessionStorage.getItem(ADOPT);
    sessionStorage.removeItem(ADOPT);
    return isOf(account, entry, key) ? key : null;
  } catch {
    return null;
  }
}

const handed = handedOver();
const unsent = form.dataset.unsaved === "now";
const store = new Held(account, entry, unsent ? handed : null);

function hold() {
  clearTimeout(holding);
  if (dirty()) held = store.keep(fields(), field("revision").value);
  else store.drop();
}

/* Saving */

async function post(body) {
  return fetch(form.action, {
    method: "POST",
    body,
    headers: { Accept: "application/json" },
    redirect: "manual",
  });
}

// Signing in again, in another tab, changes the token: the page as it is now holds the new one.
async function freshToken() {
  const page = await fetch(form.action, { headers: { Accept: "text/html" }, redirect: "manual" });
  if (!page.ok) return false;
  const parsed = new DOMParser().parseFromString(await page.text(), "text/html");
  const found = parsed.querySelector("form[data-draft]");
  // Somebody else may have signed in: what was typed is not theirs.
  if (found?.dataset.account !== account) return false;
  field("csrfmiddlewaretoken").value = found.querySelector("[name=csrfmiddlewaretoken]").value;
  return true;
}

function kept({ revision, saved_at: savedAt }, before, renames, quiet) {
  tries = 0;
  refused = null;
  field("revision").value = revision;
  const noted = JSON.parse(field("renames").value || "[]");
  const rest = noted.slice(JSON.parse(renames || "[]").length);
  field("renames").value = rest.length ? JSON.stringify(rest) : "";
  known = before;
  // A page that came back from a refused save must not be sent again when it is reloaded.
  history.replaceState(null, "", form.action);
  hold();
  if (dirty()) {
    // Typed on while it was being saved: that part is not kept yet.
    say(line.dataset.dirtyText, { alarming: true, quiet: true });
    schedule(SAVE_AFTER_MS);
    return;
  }
  say(line.dataset.savedAs.replace("{time}", local(savedAt)), { quiet });
  delete line.dataset.savedText;
  form.dispatchEvent(new CustomEvent("htmx:afterRequest", { detail: { successful: true } }));
}

function failed(text) {
  hold();
  sayNot(text);
  schedule(AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)]);
  tries += 1;
}

async function send(byItself) {
  const before = typed();
  const renames = field("renames").value;
  let response;
  try {
    response = await post(new FormData(form));
    if (response.status === 403 && (await freshToken())) response = await post(new FormData(form));
  } catch {
    failed(line.dataset.failedText);
    return;
  }
  if (response.ok) {
    kept(await response.json(), before, renames, byItself);
  } else if (response.status === 409 || response.status === 422) {
    if (!byItself) {
      ordinary = true;
      form.requestSubmit(plain);
      return;
    }
    // The author is still writing: nobody is led away from that.
    refused = before;
    hold();
    const stale = response.status === 409;
    sayNot(stale ? line.dataset.staleText : line.dataset.refusedText);
    if (stale) ordinary = true;
  } else if (response.type === "opaqueredirect" || response.status === 403) {
    failed(line.dataset.signedOutText);
  } else if (response.status === 404) {
    failed(line.dataset.goneText);
  } else {
    failed(line.dataset.failedText);
  }
}

/** Saves once at a time; resolves when the site has answered or cannot be reached. */
function saveNow(byItself) {
  clearTimeout(timer);
  if (saving) return saving;
  if (!byItself) say(line.dataset.savingText);
  saving = send(byItself).finally(() => {
    saving = null;
  });
  return saving;
}

function schedule(after) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (!ordinary && dirty() && typed() !== refused) saveNow(true);
  }, after);
}

function changed() {
  clearTimeout(holding);
  holding = setTimeout(hold, HOLD_AFTER_MS);
  if (!ordinary) schedule(SAVE_AFTER_MS);
}

for (const kind of ["input", "change", "rows:changed"]) form.addEventListener(kind, changed);

const whenBack = () => {
  if (!ordinary && dirty() && tries) saveNow(true);
};
addEventListener("online", whenBack);
addEventListener("focus", whenBack);
document.addEventListener("visibilitychange", () => {
  hold();
  if (document.visibilityState === "visible") whenBack();
  else if (!ordinary && dirty() && typed() !== refused) saveNow(true);
});
addEventListener("pagehide", hold);

form.addEventListener("submit", async (event) => {
  if (ordinary || event.submitter?.name !== "save") {
    hold();
    handOver(store.key);
    return;
  }
  event.preventDefault();
  // One that began by itself may have left out what was typed since.
  await saving;
  if (!ordinary) saveNow(false);
  else form.requestSubmit(plain);
});

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
  event.preventDefault();
  form.requestSubmit(save);
});

// Publishing shows the draft as the site has it.
document.querySelector("a[data-after-save]")?.addEventListener("click", async (event) => {
  if (ordinary || !dirty() || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  const { href } = event.currentTarget;
  await saving;
  if (dirty()) await saveNow(false);
  if (!dirty()) location.assign(href);
});

/* Offering what an earlier page left in this browser */

function bringBack(record) {
  const again = document.createElement("form");
  again.method = "post";
  again.action = form.action;
  again.hidden = true;
  const fresh = record.revision === field("revision").value;
  const sent = [
    ...record.fields.filter(([name]) => name !== "revision"),
    ["revision", record.revision],
    ["csrfmiddlewaretoken", field("csrfmiddlewaretoken").value],
    // Saved elsewhere since: the site then shows both texts side by side.
    fresh ? ["preview", "1"] : ["save", "1"],
  ];
  for (const [name, value] of sent) {
    const input = document.createElement("textarea");
    input.name = name;
    input.value = value;
    again.append(input);
  }
  document.body.append(again);
  handOver(record.key);
  again.submit();
}

async function offerWhatIsLeft() {
  const here = meaning(fields());
  const [record] = (await left(account, entry, unsent ? null : handed)).filter((one) => {
    const same = meaning(one.fields) === here;
    if (same && !dirty()) drop(one.key);
    return !same;
  });
  offer.hidden = !record;
  if (!record) return;
  // Something that this page does not say tells more than the beginning.
  const shown = new Set(fields().map(([, value]) => value));
  const texts = record.fields.filter(([name]) => /-content$|^context$|-text$/.test(name));
  const [, text] = texts.find(([, value]) => value && !shown.has(value)) ?? texts[0] ?? ["", ""];
  offer.querySelector("[data-held-time]").textContent = local(record.at);
  offer.querySelector("[data-held-text]").textContent =
    text.length > 280 ? `${text.slice(0, 280)}…` : text;
  offer.querySelector("[data-held-take]").onclick = () => bringBack(record);
  offer.querySelector("[data-held-drop]").onclick = () => {
    drop(record.key);
    document.querySelector("[data-announce]")?.replaceChildren(offer.dataset.dropped);
    save.focus({ preventScroll: true });
    offerWhatIsLeft();
  };
}

for (const time of document.querySelectorAll("[data-saved-state] time")) {
  time.textContent = local(time.dateTime);
}

// Other scripts add rows for names in the text; what stands there after that is what is known.
addEventListener("DOMContentLoaded", () => {
  if (!unsent) known = typed();
  // What the site has just refused it would refuse again.
  else if (form.querySelector("[aria-invalid='true']")) refused = typed();
  hold();
  if (torn) return;
  schedule(SAVE_AFTER_MS);
  offerWhatIsLeft();
});
