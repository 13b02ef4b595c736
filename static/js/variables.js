// The editor's variable rows follow the {{ names }} in the messages as they are typed.
//
// <div data-rows="PREFIX" data-variables="#messages"> is a repeated-rows box (see rows.js) whose rows
// hold one input named …-name and an element [data-variable-name] showing it. data-added and
// data-unused are the sentences announced, with {name} in them.
import { namesIn } from "./names.js";

const WAIT_MS = 250;

function addRow(box) {
  const detail = { row: null };
  box.dispatchEvent(new CustomEvent("rows:add", { bubbles: true, detail }));
  return detail.row;
}

function setRemoved(row, removed) {
  row.dispatchEvent(new CustomEvent("rows:remove", { bubbles: true, detail: { removed } }));
}

function rowsOf(box) {
  return [...box.querySelectorAll("[data-rows-list] > [data-row]")].map((row) => ({
    row,
    input: row.querySelector(`[name$="-name"]`),
  }));
}

function write(row, input, name) {
  input.value = name;
  for (const shown of row.querySelectorAll("[data-variable-name]")) shown.textContent = name;
}

function update(box, sources) {
  const used = new Set();
  for (const field of sources.querySelectorAll("textarea")) {
    if (field.closest(".is-removed")) continue;
    for (const name of namesIn(field.value)) used.add(name);
  }
  const said = [];
  const known = new Map();
  for (const entry of rowsOf(box)) if (entry.input.value) known.set(entry.input.value, entry);

  for (const name of used) {
    const entry = known.get(name);
    if (!entry) {
      const row = addRow(box);
      if (!row) break;
      row.dataset.byItself = "";
      write(row, row.querySelector(`[name$="-name"]`), name);
      said.push(box.dataset.added.replace("{name}", name));
    } else if (entry.row.classList.contains("is-removed") && "unused" in entry.row.dataset) {
      delete entry.row.dataset.unused;
      setRemoved(entry.row, false);
      said.push(box.dataset.added.replace("{name}", name));
    }
  }
  for (const [name, { row }] of known) {
    if (used.has(name) || row.classList.contains("is-removed")) continue;
    row.dataset.unused = "";
    setRemoved(row, true);
    said.push(box.dataset.unused.replace("{name}", name));
  }
  box.toggleAttribute("data-has-rows", used.size > 0);
  const empty = box.querySelector("[data-rows-empty]");
  if (empty) empty.hidden = used.size > 0;
  if (said.length) document.querySelector("[data-announce]")?.replaceChildren(said.join(" "));
}

for (const box of document.querySelectorAll("[data-variables]")) {
  const sources = document.querySelector(box.dataset.variables);
  let timer = 0;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => update(box, sources), WAIT_MS);
  };
  sources.addEventListener("input", soon);
  sources.addEventListener("rows:changed", soon);
  // A submit must not overtake the rows.
  box.closest("form")?.addEventListener("submit", () => update(box, sources), true);
  // rows.js may stand after this script; by then both have run.
  addEventListener("DOMContentLoaded", () => update(box, sources));
}
