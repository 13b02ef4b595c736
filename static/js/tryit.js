// The try-it form: runs one answer or several side by side, each in a column of its own that ends
// in exactly one of answered, stopped, refused or lost. Without this script the same form leads to
// the try's own page.
//
// Every sentence comes from data-text-* attributes of the form; the markup is described beside the
// template that holds it.
import { Column, fill, reason } from "./column.js";

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
const pageOf = (id) => texts.tryUrl.replace("00000000-0000-0000-0000-000000000000", id);
const tabs = [...(group?.querySelectorAll("[data-tab-for]") ?? [])];
const columns = [...(group?.querySelectorAll("[data-try-column]") ?? [])].map(
  (element) => new Column(element, texts, pageOf, ended),
);
let used = [];
// Aborts the request that admits several columns at once, before each has its own.
let asking = null;

function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Plain HTTP away from localhost has no randomUUID. Version 4 as in RFC 9562, section 5.4.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

// What the form asks for, a column each: {title, model, demo, tab}.
function asked() {
  const field = form.elements.namedItem("model");
  const names = JSON.parse(document.getElementById("models").textContent);
  const column = (title, id, tab) => ({ title, model: names[id].name, demo: names[id].demo, tab });
  const main = column(texts.textMain, field.value, texts.textMain);
  const compare = form.elements.namedItem("compare")?.value;
  if (compare === "baseline") {
    return [main, column(texts.textBaseline, field.value, texts.textBaseline)];
  }
  if (compare !== "models") return [main];
  const boxes = [...form.querySelectorAll("[name=others]")];
  const others = boxes.length
    ? boxes.filter((box) => box.checked).map((box) => box.value)
    : Object.keys(names);
  return [field.value, ...others.filter((id) => id !== field.value)]
    .slice(0, columns.length)
    .map((id) => column(texts.textMain, id, names[id].name));
}

// Puts as many columns beside each other as the form asks for.
function arrange() {
  const wanted = asked();
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

// The model that answers anyway is none to compare it with.
function offerOthers() {
  const chosen = form.elements.namedItem("model")?.value;
  const boxes = [...form.querySelectorAll("[name=others]")];
  for (const box of boxes) box.closest("label").hidden = box.value === chosen;
  const most = columns.length - 1;
  const ticked = boxes.filter((box) => box.checked && box.value !== chosen).length;
  for (const box of boxes) box.disabled = !box.checked && ticked >= most;
}

function begin(id) {
  arrange();
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
  say(texts.textStarted);
  if (output.getBoundingClientRect().top > innerHeight * 0.4) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    output.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
  }
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
  part("progress").textContent = several ? fill(texts.textProgress, values) : "";
  if (over.length < used.length) return;
  const kept = used.find((one) => one.outcome !== "error" || one.part("text").textContent);
  if (kept) {
    part("link").querySelector("a").href = pageOf(used[0].id);
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
  const chosen = document.querySelector("[data-case][aria-current]")?.dataset.case;
  const offer = recorded.find((item) => item.dataset.tryRecorded === chosen) ?? recorded[0];
  if (!offer) return;
  offer.hidden = false;
  offer.dispatchEvent(new CustomEvent("part:inserted", { bubbles: true }));
}

// Nothing was run: says why, once, and what there is instead.
function refused(said) {
  const message = reason(said, texts);
  for (const column of used) column.rest();
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
  offerOthers();
  for (const column of used) column.rest();
  part("progress").textContent = "";
  finish();
  say(texts.textInvalid);
  fresh.querySelector("[aria-invalid='true']")?.focus();
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

async function runOne(data) {
  const [column] = used;
  const headers = { Accept: "text/event-stream" };
  const response = await column.fetch(form.action, { body: data, headers });
  if (!response) return;
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("text/event-stream") && response.ok) await column.follow(response);
  else await answered(response);
}

async function runSeveral(data) {
  let response;
  let admitted;
  asking = new AbortController();
  try {
    const headers = { Accept: "application/json" };
    const options = { method: "POST", body: data, headers, signal: asking.signal };
    response = await fetch(form.action, options);
    if (!response.ok || response.redirected) {
      await answered(response);
      return;
    }
    admitted = (await response.json()).columns;
  } catch {
    // Whatever was admitted and never started costs nothing.
    const column = asking.signal.aborted ? null : used[0];
    if (column) refused({ message: texts.textLost });
    else for (const one of used) await one.broken();
    return;
  } finally {
    asking = null;
  }
  const token = form.elements.namedItem("csrfmiddlewaretoken").value;
  await Promise.all(used.map((column, at) => column.run(admitted[at], token)));
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

  form.addEventListener("change", () => {
    offerOthers();
    // What stands there already keeps its place until the next run.
    if (!output.classList.contains("is-used")) arrange();
  });

  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(run);
  });

  // A browser may fill in the form again, after a reload or on the way back.
  addEventListener("pageshow", () => {
    offerOthers();
    if (!output.classList.contains("is-used")) arrange();
  });
  offerOthers();
  arrange();
}
