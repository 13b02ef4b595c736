// Repeated rows of a Django formset.
//
// <div data-rows="PREFIX"> holds the management form, [data-rows-list] with [data-row] elements,
// <template data-row-template> whose markup says __prefix__ where the number goes, and a button
// [data-row-add]. In a row: [data-row-remove], [data-row-undo], and the formset's own DELETE checkbox
// inside .repeat__delete. Removing ticks that checkbox, so nothing is gone before the form is saved.
const total = (box) => box.querySelector(`[name="${box.dataset.rows}-TOTAL_FORMS"]`);

const changed = (box) => box.dispatchEvent(new CustomEvent("rows:changed", { bubbles: true }));

export function addRow(box) {
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

export function setRemoved(row, removed) {
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

for (const tick of document.querySelectorAll(`[data-row] [name$="-DELETE"]:checked`)) {
  tick.closest("[data-row]").classList.add("is-removed");
}
