// Choosing a test case fills the form. Without scripts the same links load the page with ?case=.
//
// form[data-cases="id of a json_script block"][data-values-prefix="…"]; the block holds
// {"<case id>": {"values": {name: text}, "watch_for": text}}; links are a[data-case="<case id>"].
const form = document.querySelector("form[data-cases]");
const cases = JSON.parse(document.getElementById(form.dataset.cases).textContent);
const links = [...document.querySelectorAll("a[data-case]")];

links.forEach((link) => {
  link.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    const chosen = cases[link.dataset.case];
    if (!chosen) return;
    event.preventDefault();
    for (const [name, value] of Object.entries(chosen.values)) {
      const field = form.elements.namedItem(form.dataset.valuesPrefix + name);
      if (field) field.value = value;
    }
    for (const other of links) other.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    const watch = document.querySelector("[data-watch-for]");
    if (watch) {
      watch.textContent = chosen.watch_for ?? "";
      watch.hidden = !chosen.watch_for;
    }
    const hidden = form.elements.namedItem("case");
    if (hidden) hidden.value = link.dataset.case;
    history.replaceState(history.state, "", link.href);
    form.dispatchEvent(new Event("change"));
  });
});
