// <form data-unsaved>: asks before leaving with changes that the server has not kept. "now" as its
// value says that it came with such changes.
// data-unsaved-except="case page": fields that are not kept anyway.
// An element [data-saved-state] inside shows data-dirty-text while there are such changes.
const states = new Map();

function snapshot(form) {
  const parts = [];
  const except = ["csrfmiddlewaretoken", ...(form.dataset.unsavedExcept ?? "").split(" ")];
  for (const [name, value] of new FormData(form)) {
    if (except.includes(name)) continue;
    parts.push([name, typeof value === "string" ? value : `${value.name}:${value.size}`]);
  }
  return JSON.stringify(parts);
}

function show(form) {
  const state = states.get(form);
  const dirty = snapshot(form) !== state.kept;
  if (dirty === state.dirty) return;
  state.dirty = dirty;
  const line = form.querySelector("[data-saved-state]");
  if (!line) return;
  line.dataset.savedText ??= line.textContent;
  line.textContent = dirty ? line.dataset.dirtyText : line.dataset.savedText;
  line.classList.toggle("saved--dirty", dirty);
}

for (const form of document.querySelectorAll("form[data-unsaved]")) {
  // A page that came back with errors holds changes that were not kept.
  const refused =
    form.dataset.unsaved === "now" ||
    form.querySelector("[aria-invalid='true'], .field__error") !== null;
  states.set(form, { kept: refused ? "" : snapshot(form), dirty: false, leaving: false });
  form.addEventListener("input", () => show(form));
  form.addEventListener("change", () => show(form));
  form.addEventListener("rows:changed", () => show(form));
  form.addEventListener("submit", () => {
    states.get(form).leaving = true;
  });
  form.addEventListener("htmx:afterRequest", (event) => {
    // A part of the form that asked for itself has saved nothing.
    if (event.target !== form) return;
    const state = states.get(form);
    state.leaving = false;
    if (!event.detail.successful) return;
    state.kept = snapshot(form);
    state.dirty = false;
    form.querySelector("[data-saved-state]")?.classList.remove("saved--dirty");
  });
  if (refused) show(form);
}

addEventListener("beforeunload", (event) => {
  for (const [form, state] of states) {
    if (form.isConnected && !state.leaving && snapshot(form) !== state.kept) event.preventDefault();
  }
});

// A page restored from the browser's memory is no longer on its way out.
addEventListener("pageshow", () => {
  for (const state of states.values()) state.leaving = false;
});
