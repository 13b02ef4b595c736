// Shows how far the work is that a form begins, where it takes longer than a moment.
//
// form[data-progress] is sent by fetch and asks for lines of JSON (prompts_app/http.py: progress):
// {"done": 120, "of": 1000, "text": "…"} each, and at the end {"url": "…"}, which is opened. In it:
//   [data-progress-bar][hidden]   shown after a second; holds a <progress> and [data-progress-text]
//   [data-progress-lost][hidden]  shown when the connection broke: the work went on all the same
//   [data-progress-failed][hidden]  shown after {"failed": true}: nothing was done
//   button[data-progress-not]     sends the form as an ordinary one
// Any other answer, such as the form again with what has to change, is asked for as an ordinary
// page: so whoever answers with one must not have done anything yet. Without this script the form
// is an ordinary one.
const LATER = 1000;

/** Yields each line of a response's body as the object it holds. */
async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    for (const part of parts) yield JSON.parse(part);
  }
}

function bar(form) {
  const box = form.querySelector("[data-progress-bar]");
  const meter = box.querySelector("progress");
  const text = box.querySelector("[data-progress-text]");
  let label = "";
  return {
    show: () => (box.hidden = false),
    hide() {
      box.hidden = true;
      meter.removeAttribute("value");
    },
    tell(line) {
      if (line.of) {
        meter.max = line.of;
        meter.value = line.done;
      } else {
        meter.removeAttribute("value");
      }
      text.textContent = line.text ?? "";
      // Spoken once for each kind of work: a count read out ten times a second helps nobody.
      const spoken = (line.text ?? "").replace(/[\d\s.,]+/g, " ");
      if (spoken === label) return;
      label = spoken;
      const region = document.querySelector("[data-announce]");
      if (region) region.textContent = line.text ?? "";
    },
  };
}

async function follow(form, data) {
  const response = await fetch(form.action, {
    method: "POST",
    body: data,
    headers: { Accept: "application/x-ndjson" },
    redirect: "manual",
  });
  const kind = response.headers.get("Content-Type") ?? "";
  if (!kind.startsWith("application/x-ndjson")) return { page: true };
  const shown = bar(form);
  for await (const line of lines(response.body)) {
    if (line.url || line.failed) return line;
    shown.tell(line);
  }
  throw new Error("The connection ended before the work did.");
}

/** Sends the form as a browser would without scripts, with the button that was pressed. */
function plain(form, submitter) {
  form.dataset.progressPlain = "";
  form.requestSubmit(submitter);
}

addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  if (!form.matches("form[data-progress]") || event.defaultPrevented) return;
  if (form.dataset.progressPlain !== undefined) return;
  // Only the button that begins the work, where a form has others beside it.
  if (submitter?.matches("[data-progress-not]")) return;
  event.preventDefault();
  if (form.ariaBusy === "true") return;
  const shown = bar(form);
  const notes = form.querySelectorAll("[data-progress-lost], [data-progress-failed]");
  for (const note of notes) note.hidden = true;
  // Taken before the buttons are switched off, which would leave theirs out.
  const data = new FormData(form, submitter);
  const buttons = [...form.querySelectorAll("button:enabled")];
  form.ariaBusy = "true";
  for (const button of buttons) button.disabled = true;
  const later = setTimeout(shown.show, LATER);
  let ended = null;
  try {
    ended = await follow(form, data);
  } catch {
    ended = { lost: true };
  }
  clearTimeout(later);
  form.ariaBusy = "false";
  for (const button of buttons) button.disabled = false;
  if (ended.url) {
    location.assign(ended.url);
    return;
  }
  shown.hide();
  if (ended.page) {
    plain(form, submitter);
    return;
  }
  const note = form.querySelector(ended.failed ? "[data-progress-failed]" : "[data-progress-lost]");
  note.hidden = false;
  note.focus();
});

// Back from where it led to: the page may be shown as it was left.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-progress]")) {
    delete form.dataset.progressPlain;
  }
});
