// Repeated rows of a Django formset.
//
// <div data-rows="PREFIX"> holds the management form, [data-rows-list] with [data-row] elements,
// <template data-row-template> whose markup says __prefix__ where the number goes, and a button
// [data-row-add]. In a row: [data-row-remove], [data-row-undo], and the formset's own DELETE checkbox
// inside .repeat__delete. Removing ticks that checkbox, so nothing is gone before the form is saved.
//
// Other scripts ask by event: "rows:add" at the box, which leaves the new row in detail.row (or
// nothing where the limit is reached), and "rows:remove" at a row with detail.removed. An import
// would not do: static files carry a hash in their names, so the page's own copy and the imported
// one would be two modules, each listening.
const total = (box) => box.querySelector(`[name="${box.dataset.rows}-TOTAL_FORMS"]`);

const changed = (box) => box.dispatchEvent(new CustomEvent("rows:changed", { bubbles: true }));

function addRow(box) {
  const counter = total(box);
  const number = Number(counter.value);
  const limit = Number(box.querySelector(`[name="${box.dataset.rows}-MAX_NUM_FORMS"]`)?.value);
  if (limit && number >= limit) return null;
  const markup = box.querySelector("template[data-row-template]").innerHTML;
  const holder = document.createElement("template");
  holder.innerHTML = markup.replaceAll("__prefix__", String(number));
  const row = holder.content.querySelector("[data-row]");
  box.querySelector("[data-rows-list]").append(holder.content);
  counter.value = String(number + 1);
  const add = box.querySelector("[data-row-add]");
  if (add && limit && number + 1 >= limit) add.disabled = true;
  changed(box);
  return row;
}

function setRemoved(row, removed) {
  const box = row.closest("[data-rows]");
  const tick = row.querySelector(`[name$="-DELETE"]`);
  if (tick) tick.checked = removed;
  row.classList.toggle("is-removed", removed);
  changed(box);
}

document.addEventListener("click", (event) => {
  const add = event.target.closest("[data-row-add]");
  if (add) {
    const row = addRow(add.closest("[data-rows]"));
    row?.querySelector("select, textarea, input:not([type=hidden])")?.focus();
    return;
  }
  const remove = event.target.closest("[data-row-remove]");
  if (remove) {
    const row = remove.closest("[data-row]");
    setRemoved(row, true);
    row.querySelector("[data-row-undo]")?.focus();
    return;
  }
  const undo = event.target.closest("[data-row-undo]");
  if (undo) {
    const row = undo.closest("[data-row]");
    setRemoved(row, false);
    row.querySelector("[data-row-remove]")?.focus();
  }
});

// Rows that were put in another order (reorder.js) are sent in that order.
document.addEventListener("reorder:moved", (event) => {
  const box = event.target.closest("[data-rows]");
  if (!box) return;
  const places = event.target.parentElement.querySelectorAll(`:scope > [data-row] > [name$="-ORDER"]`);
  for (const [place, order] of places.entries()) order.value = String(place);
  changed(box);
});

document.addEventListener("rows:add", (event) => {
  event.detail.row = addRow(event.target);
});

document.addEventListener("rows:remove", (event) => {
  setRemoved(event.target, event.detail.removed);
});

for (const tick of document.querySelectorAll(`[data-row] [name$="-DELETE"]:checked`)) {
  tick.closest("[data-row]").classList.add("is-removed");
}
