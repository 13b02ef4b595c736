// The try-it form: posts itself, lets the answer flow in, and ends in exactly one of answered,
// stopped, refused or lost. Without this script the same form leads to the try's own page.
//
// Every sentence comes from data-text-* attributes of the form; the markup is described beside the
// template that holds it.
import { events } from "./sse.js";

const form = document.querySelector("form[data-tryit]");
const output = document.querySelector("[data-try-output]");
const part = (name) => output.querySelector(`[data-try-${name}]`);
const run = document.querySelector("[data-run]");
const stop = document.querySelector("[data-stop]");
const say = (text) => document.querySelector("[data-announce]")?.replaceChildren(text ?? "");
const locale = document.documentElement.lang;
let current = null;
let latest = null;

function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Plain HTTP away from localhost has no randomUUID. Version 4 as in RFC 9562, section 5.4.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

const pageOf = (id) => form.dataset.tryUrl.replace("00000000-0000-0000-0000-000000000000", id);

function insert(html) {
  const result = part("result");
  // The server made and sanitised this HTML; nothing else ever goes in as HTML.
  result.innerHTML = html;
  result.hidden = false;
  part("stream").hidden = true;
  result.dispatchEvent(new CustomEvent("part:inserted", { bubbles: true }));
}

function show(name, on) {
  const element = part(name);
  if (element) element.hidden = !on;
}

function begin(id) {
  latest = id;
  current = { id, controller: new AbortController(), started: performance.now(), stopped: false };
  part("text").textContent = "";
  part("result").replaceChildren();
  for (const name of ["idle", "result", "error", "figures", "link"]) show(name, false);
  for (const old of document.querySelectorAll("[data-try-recorded], [data-try-refusal]")) {
    old.hidden = true;
  }
  output.classList.add("is-used");
  show("stream", true);
  part("stream").setAttribute("aria-busy", "true");
  swapButtons(run, stop);
  const clock = part("clock");
  const tick = () => {
    const seconds = Math.floor((performance.now() - current.started) / 1000);
    clock.textContent = form.dataset.textWorking.replace("{seconds}", seconds.toLocaleString(locale));
  };
  tick();
  current.timer = setInterval(tick, 1000);
  say(form.dataset.textStarted);
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

function end(text) {
  clearInterval(current.timer);
  part("clock").textContent = "";
  part("stream").removeAttribute("aria-busy");
  swapButtons(stop, run);
  form.elements.attempt.value = newId();
  current = null;
  say(text);
}

function link(id) {
  const line = part("link");
  if (!line) return;
  line.querySelector("a").href = pageOf(id);
  line.hidden = false;
}

function figures(data, seconds) {
  const line = part("figures");
  if (!line) return;
  const number = (value, options) => value.toLocaleString(locale, options);
  const facts = [
    [form.dataset.textSeconds, { seconds: number(seconds, { maximumFractionDigits: 1 }) }],
  ];
  const { prompt_tokens: sent, completion_tokens: got } = data.usage ?? {};
  if (Number.isInteger(sent) && Number.isInteger(got)) {
    facts.push([form.dataset.textTokens, { sent: number(sent), got: number(got) }]);
  }
  if (Number.isInteger(data.cost_microusd)) {
    const dollars = data.cost_microusd / 1e6;
    const money = number(dollars, {
      style: "currency",
      currency: "USD",
      maximumFractionDigits: dollars > 0 && dollars < 0.01 ? 6 : 2,
    });
    facts.push([form.dataset.textCost, { cost: money }]);
  }
  if (data.finish_reason === "length") facts.push([form.dataset.textLength, {}]);
  line.replaceChildren(
    ...facts.map(([sentence, values]) => {
      const span = document.createElement("span");
      span.textContent = sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
      return span;
    }),
  );
  line.hidden = false;
}

function answered(data) {
  const { id, started } = current;
  insert(data.html);
  figures(data, (performance.now() - started) / 1000);
  link(id);
  end(form.dataset.textDone);
}

function refused(data) {
  const error = part("error");
  let message = data.message || form.dataset.textFailed;
  if (data.retry_after > 0 && data.retry_after <= 90 && form.dataset.textRetrySoon) {
    const seconds = Math.ceil(data.retry_after).toLocaleString(locale);
    message += ` ${form.dataset.textRetrySoon.replace("{seconds}", seconds)}`;
  } else if (data.retry_after > 0) {
    const when = new Date(Date.now() + data.retry_after * 1000);
    const later = when.toDateString() !== new Date().toDateString();
    const time = when.toLocaleString(locale, {
      ...(later ? { day: "numeric", month: "long" } : {}),
      hour: "numeric",
      minute: "2-digit",
    });
    message += ` ${form.dataset.textRetry.replace("{time}", time)}`;
  }
  error.querySelector("[data-message]").textContent = message;
  error.hidden = false;
  show("stream", part("text").textContent !== "");
  const recorded = [...document.querySelectorAll("[data-try-recorded]")];
  const chosen = document.querySelector("[data-case][aria-current]")?.dataset.case;
  const offer = recorded.find((item) => item.dataset.tryRecorded === chosen) ?? recorded[0];
  if (offer) {
    offer.hidden = false;
    offer.dispatchEvent(new CustomEvent("part:inserted", { bubbles: true }));
  }
  end(message);
}

function stopped() {
  if (part("text").textContent === "") {
    show("stream", false);
    show("idle", true);
  } else {
    link(current.id);
  }
  end(form.dataset.textStopped);
}

// What the server has kept of a try, as its own page shows it; null without a connection.
async function keptOf(id) {
  try {
    const response = await fetch(pageOf(id), { headers: { Accept: "text/html" } });
    if (!response.ok) return null;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return page.querySelector("[data-try-kept]");
  } catch {
    return null;
  }
}

function showKept(id, kept) {
  insert(kept.innerHTML);
  link(id);
}

// The connection broke: the server has kept whatever it had, under the try's own address.
async function lost() {
  const { id } = current;
  const kept = await keptOf(id);
  if (kept) {
    showKept(id, kept);
    end(form.dataset.textKept);
    return;
  }
  refused({ message: form.dataset.textLost });
  if (!navigator.onLine) addEventListener("online", () => recover(id), { once: true });
}

async function recover(id) {
  const kept = latest === id && (await keptOf(id));
  // A new run meanwhile has the place to itself.
  if (!kept || latest !== id) return;
  show("error", false);
  for (const offer of document.querySelectorAll("[data-try-recorded]")) offer.hidden = true;
  showKept(id, kept);
  say(form.dataset.textKept);
}

function swapFields(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const fresh = page.querySelector("[data-try-fields]");
  if (!fresh) {
    refused({});
    return;
  }
  document.querySelector("[data-try-fields]").replaceWith(fresh);
  show("stream", false);
  show("idle", true);
  end(form.dataset.textInvalid);
  fresh.querySelector("[aria-invalid='true']")?.focus();
}

async function read(response) {
  for await (const { event, data } of events(response.body)) {
    if (event === "delta") {
      part("text").append(JSON.parse(data).text);
    } else if (event === "done") {
      answered(JSON.parse(data));
      return;
    } else if (event === "error") {
      refused(JSON.parse(data));
      return;
    }
  }
  await lost();
}

async function post(data) {
  let response;
  try {
    response = await fetch(form.action, {
      method: "POST",
      body: data,
      headers: { Accept: "text/event-stream" },
      signal: current.controller.signal,
    });
  } catch {
    if (current.stopped) stopped();
    else await lost();
    return;
  }
  const type = response.headers.get("Content-Type") ?? "";
  if (response.redirected) {
    location.assign(response.url);
  } else if (type.startsWith("text/event-stream") && response.ok) {
    try {
      await read(response);
    } catch {
      if (current?.stopped) stopped();
      else if (current) await lost();
    }
  } else if (type.startsWith("application/json")) {
    refused(await response.json().catch(() => ({})));
  } else if (response.status === 422) {
    swapFields(await response.text());
  } else {
    refused({});
  }
}

// Without a model to run on, the page shows neither button.
if (run && stop) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (current) return;
    const data = new FormData(form, event.submitter);
    begin(form.elements.attempt.value);
    post(data);
  });

  stop.addEventListener("click", (event) => {
    // Stop stands where Run was: the second half of a double click on Run is not meant for it.
    if (!current || event.detail > 1) return;
    current.stopped = true;
    current.controller.abort();
  });

  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(run);
  });
}
