// What the try-it form says before anything runs.

/** A one-time id for the form. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Plain HTTP away from localhost has no randomUUID. Version 4 as in RFC 9562, section 5.4.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

/** What the form asks for, at most `most` columns: {title, model, demo, tab} each. */
export function asked(form, most) {
  const texts = form.dataset;
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
    .slice(0, most)
    .map((id) => column(texts.textMain, id, names[id].name));
}

/** The model that answers anyway is none to compare it with, and `most` columns are enough. */
export function offerOthers(form, most) {
  const chosen = form.elements.namedItem("model")?.value;
  const boxes = [...form.querySelectorAll("[name=others]")];
  for (const box of boxes) box.closest("label").hidden = box.value === chosen;
  const ticked = boxes.filter((box) => box.checked && box.value !== chosen).length;
  for (const box of boxes) box.disabled = !box.checked && ticked >= most - 1;
}
