// The try-it form: runs one answer or several side by side, each in a column of its own that ends
// in exactly one of answered, stopped, refused or lost. Without this script the same form leads to
// the try's own page.
//
// Every sentence comes from data-text-* attributes of the form; the markup is described beside the
// template that holds it.
import { Column, fill, reason } from "./column.js";
import { keptOf, lookAgain, recall, remember } from "./kept.js";
import { asked, newId, offerOthers } from "./tryform.js";

const form = document.querySelector("form[data-tryit]");
const output = document.querySelector("[data-try-output]");
const work = form.closest("[data-columns]");
const group = output.querySelector("[data-try-columns]");
const texts = form.dataset;
const part = (name) => output.querySelector(`[data-try-${name}]`);
const run = document.querySelector("[data-run]");
const stop = document.querySelector("[data-stop]");
const say = (text) => document.querySelector("[data-announce]")?.replaceChildren(text ?? "");
const locale = document.documentElement.lang;
const address = (pattern) => (id) =>
  pattern.replace("00000000-0000-0000-0000-000000000000", id);
const site = {
  page: address(texts.tryUrl),
  run: address(texts.runUrl),
  token: () => form.elements.namedItem("csrfmiddlewaretoken").value,
};
const tabs = [...(group?.querySelectorAll("[data-tab-for]") ?? [])];
const columns = [...(group?.querySelectorAll("[data-try-column]") ?? [])].map(
  (element) => new Column(element, texts, site, ended),
);
let used = [];
// The one-time id of the last run.
let last = null;
// Aborts the request that asks for the run, before each column has its own.
let asking = null;

// Puts as many columns beside each other as the form asks for.
function arrange(wanted = asked(form, columns.length)) {
  work.dataset.columns = wanted.length;
  used = columns.slice(0, wanted.length);
  for (const [at, column] of columns.entries()) {
    column.element.hidden = at >= wanted.length;
    if (!tabs.length) continue;
    tabs[at].hidden = at >= wanted.length;
    tabs[at].querySelector("[data-tab-name]").textContent = wanted[at]?.tab ?? "";
    tabs[at].querySelector("[data-tab-state]").textContent = "";
  }
  for (const [at, column] of used.entries()) column.name(wanted[at]);
  group.dispatchEvent(new CustomEvent("tabs:changed"));
}

// Makes room for the answers of a run, each in its column.
function open(id, wanted) {
  last = id;
  arrange(wanted);
  for (const name of ["error", "link"]) part(name).hidden = true;
  for (const old of document.querySelectorAll("[data-try-recorded], [data-try-refusal]")) {
    old.hidden = true;
  }
  output.classList.add("is-used");
  group.hidden = false;
  part("line").hidden = false;
  part("progress").textContent = texts.textStarted;
  for (const column of used) column.begin(id, used.length > 1);
  stop.querySelector("[data-label]").textContent =
    used.length > 1 ? texts.textStopAll : texts.textStop;
  swapButtons(run, stop);
}

function begin(id) {
  const wanted = asked(form, columns.length);
  open(id, wanted);
  remember(form, { id, wanted });
  say(texts.textStarted);
  if (output.getBoundingClientRect().top > innerHeight * 0.4) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    output.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
  }
}

// Shows what the site has kept of a run, without another; true where there was anything, or where
// a new run has the place by now.
async function showKept({ id, wanted }, note) {
  const past = () => last !== null && last !== id;
  const kept = past() ? null : await keptOf(site.page(id));
  if (past()) return true;
  if (kept?.length !== wanted.length || wanted.length > columns.length) return false;
  open(id, wanted);
  remember(form, { id, wanted });
  for (const [at, column] of used.entries()) {
    column.id = kept[at].dataset.tryKept;
    column.showKept(note).then((shown) => shown || column.broken());
  }
  return true;
}

function swapButtons(from, to) {
  const focused = document.activeElement === from;
  to.hidden = false;
  if (focused) to.focus({ preventScroll: true });
  from.hidden = true;
}

// One column is over; the last one gives the form back.
function ended(column, message) {
  // What came back after the connection did may belong to an earlier run, of more columns.
  if (!used.includes(column)) return;
  const sum = column.part("result").querySelector("[data-checks]");
  const several = used.length > 1;
  if (tabs.length) {
    const state = tabs[columns.indexOf(column)].querySelector("[data-tab-state]");
    state.textContent = column.outcome === "done" ? (sum?.dataset.checks ?? "") : "!";
  }
  const over = used.filter((one) => !one.running);
  const values = {
    column: several ? tabs[columns.indexOf(column)].querySelector("[data-tab-name]").textContent : "",
    count: over.length.toLocaleString(locale),
    total: used.length.toLocaleString(locale),
  };
  const said = message || [texts.textDone, sum?.textContent].filter(Boolean).join(" ");
  say(several ? `${fill(texts.textColumnDone, values)} ${said}` : said);
  const given = used.every((one) => one.stopped && one.outcome !== "done");
  const progress = given ? texts.textStopped : fill(texts.textProgress, values);
  part("progress").textContent = several ? progress : "";
  if (over.length < used.length) return;
  const kept = used.some(
    (one) => one.admitted && (one.outcome !== "error" || one.part("text").textContent),
  );
  if (kept) {
    part("link").querySelector("a").href = site.page(last);
    part("link").hidden = false;
    for (const offer of document.querySelectorAll("[data-try-recorded]")) offer.hidden = true;
  } else {
    offerRecorded();
  }
  finish();
}

function finish() {
  swapButtons(stop, run);
  form.elements.attempt.value = newId();
  refreshTerms();
}

// What is left today is less by one, unless the try was free.
async function refreshTerms() {
  try {
    const response = await fetch(form.action, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector("[data-try-terms]");
    if (fresh) document.querySelector("[data-try-terms]").replaceWith(fresh);
  } catch {
    // Without a connection the line stays as it was.
  }
}

function offerRecorded() {
  const recorded = [...document.querySelectorAll("[data-try-recorded]")];
  const chosen = form.elements.namedItem("case").value;
  const offer = recorded.find((item) => item.dataset.tryRecorded === chosen) ?? recorded[0];
  if (!offer) return;
  offer.hidden = false;
  offer.dispatchEvent(new CustomEvent("part:inserted", { bubbles: true }));
}

// As if nothing had been run: what stands beside Run until then may be read again.
function rest() {
  for (const column of used) column.rest();
  output.classList.remove("is-used");
}

// A page that was kept whole for the back button knows nothing of what happened meanwhile: less
// may be left today, and its visitor may have deleted the run that stands there.
async function catchUp() {
  refreshTerms();
  const shown = last;
  if (shown === null || used.some((column) => column.running)) return;
  const kept = await keptOf(site.page(shown));
  if (!kept || kept.length || last !== shown) return;
  remember(form, null);
  rest();
  part("progress").textContent = "";
  part("link").hidden = true;
}

// Nothing was run: says why, once, and what there is instead.
function refused(said) {
  const message = reason(said, texts);
  remember(form, null);
  rest();
  group.hidden = true;
  part("line").hidden = true;
  part("error").querySelector("[data-message]").textContent = message;
  part("error").hidden = false;
  offerRecorded();
  finish();
  say(message);
}

function swapFields(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const fresh = page.querySelector("[data-try-fields]");
  if (!fresh) {
    refused({});
    return;
  }
  document.querySelector("[data-try-fields]").replaceWith(fresh);
  remember(form, null);
  offerOthers(form, columns.length);
  rest();
  part("progress").textContent = "";
  finish();
  say(texts.textInvalid);
  const wrong = fresh.querySelector("[aria-invalid='true']");
  wrong?.focus({ preventScroll: true });
  // The page may be on its smooth way to the answers, and the bar with Run hides what is low.
  wrong?.scrollIntoView({ block: "center" });
}

// Whatever the form's own address answers with, other than an answer of the model.
async function answered(response) {
  const type = response.headers.get("Content-Type") ?? "";
  if (response.redirected) {
    location.assign(response.url);
  } else if (response.status === 422) {
    swapFields(await response.text());
  } else if (response.status === 404 || response.status === 410) {
    // There is no such page any more, as when a share link has ended: what is there now says so.
    location.reload();
  } else if (type.startsWith("application/json")) {
    refused(await response.json().catch(() => ({})));
  } else {
    refused({});
  }
}

// Posts the form; the same one-time id never runs twice, so whoever gets no reply may ask again.
async function ask(data, accept, signal) {
  const options = { method: "POST", body: data, headers: { Accept: accept }, signal };
  try {
    return await fetch(form.action, options);
  } catch (lost) {
    if (signal.aborted) throw lost;
    return fetch(form.action, options);
  }
}

async function runOne(data) {
  const [column] = used;
  let response;
  try {
    response = await ask(data, "text/event-stream", column.controller.signal);
  } catch {
    await column.broken();
    return;
  }
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("text/event-stream") && response.ok) await column.follow(response);
  else await answered(response);
}

async function runSeveral(data) {
  const wanted = history.state.run;
  asking = new AbortController();
  const { signal } = asking;
  let admitted;
  try {
    const response = await ask(data, "application/json", signal);
    if (!response.ok || response.redirected) {
      await answered(response);
      return;
    }
    admitted = (await response.json()).columns;
  } catch {
    // Whatever was admitted and never started costs nothing.
    if (signal.aborted) {
      for (const one of used) await one.broken();
      return;
    }
    if (await showKept(wanted, texts.textKept)) return;
    refused({ message: texts.textLost });
    lookAgain(() => showKept(wanted, texts.textKept));
    return;
  } finally {
    asking = null;
  }
  await Promise.all(used.map((column, at) => column.run(admitted[at].try)));
}

// Without a model to run on, the page shows neither button.
if (run && stop) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (run.hidden) return;
    const data = new FormData(form, event.submitter);
    begin(form.elements.attempt.value);
    if (used.length > 1) runSeveral(data);
    else runOne(data);
  });

  stop.addEventListener("click", (event) => {
    // Stop stands where Run was: the second half of a double click on Run is not meant for it.
    if (event.detail > 1) return;
    for (const column of used) column.stop();
    asking?.abort();
  });

  // Nor is a key that is still held down since.
  stop.addEventListener("keydown", (event) => {
    if (event.repeat) event.preventDefault();
  });

  form.addEventListener("change", () => {
    offerOthers(form, columns.length);
    remember(form, history.state?.run ?? null);
    // What stands there already keeps its place until the next run.
    if (!output.classList.contains("is-used")) arrange();
  });

  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(run);
  });

  // A browser may fill in the form again, after a reload or on the way back.
  addEventListener("pageshow", ({ persisted }) => {
    offerOthers(form, columns.length);
    if (!output.classList.contains("is-used")) arrange();
    if (persisted) catchUp();
  });
  const before = recall(form);
  offerOthers(form, columns.length);
  arrange();
  if (before) showKept(before, texts.textBefore);
}
