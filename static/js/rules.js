// The fields of a constraint follow the rule that is chosen for it.
//
// In a row ([data-row]): select[data-rule] and [data-rule-fields="NAME"], the fields of that rule.
// <template data-rule="NAME"> holds the fields of each rule that has some, with __prefix__ where the
// row's number goes. What was typed comes back with the field it was typed into, and goes along to
// a field of the same name and kind ([data-kind]) in another rule.
const typed = new WeakMap();

function fieldsOf(box) {
  return [...box.querySelectorAll("[data-kind]")].map((field) => {
    const name = field.name.match(/\w+$/)[0];
    return { field, key: `${name} ${field.dataset.kind}` };
  });
}

function follow(select) {
  const row = select.closest("[data-row]");
  const box = row.querySelector("[data-rule-fields]");
  if (box.dataset.ruleFields === select.value) return;
  const known = typed.get(row) ?? new Map();
  typed.set(row, known);
  for (const { field, key } of fieldsOf(box)) known.set(key, field.value);

  box.dataset.ruleFields = select.value;
  const template = document.querySelector(`template[data-rule="${CSS.escape(select.value)}"]`);
  const number = select.name.match(/-(\d+)-/)[1];
  box.innerHTML = template ? template.innerHTML.replaceAll("__prefix__", number) : "";
  // What the server said of another rule is not true of this one.
  select.removeAttribute("aria-invalid");
  document.getElementById(`${select.id}_error`)?.remove();

  for (const { field, key } of fieldsOf(box)) {
    const value = known.get(key);
    if (value === undefined) continue;
    const offered = !field.options || [...field.options].some((one) => one.value === value);
    if (offered) field.value = value;
  }
  row.dispatchEvent(new CustomEvent("rows:changed", { bubbles: true }));
}

document.addEventListener("change", (event) => {
  const select = event.target.closest("select[data-rule]");
  if (select) follow(select);
});

// Some browsers keep the choice when a page is loaded again, but not the fields that came with it.
for (const select of document.querySelectorAll("select[data-rule]")) follow(select);
